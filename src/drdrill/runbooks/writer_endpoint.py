"""The application writes by a name, and the control plane moves the name: from then on it is a matter of caches.

The name is asked past every cache, so what is marked is when Aurora moved it. What clients take to follow is the part *route*.
"""

from __future__ import annotations

from drdrill.aws.clients import AwsError
from drdrill.aws.front_door import resolve
from drdrill.aws.global_cluster import writer_endpoint
from drdrill.errors import Unprovable
from drdrill.model.mark import DATABASE_WRITABLE
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.writer_endpoint"


def note_writer_endpoint(scene: Scene) -> tuple[str, tuple[str, ...]]:
    """The global writer endpoint as the recovery region knows it, and where it leads now.

    Raises ``Unprovable`` when the global database has none, or nobody answers for it.
    """
    region = scene.session.estate.target.recovery_region
    try:
        name = writer_endpoint(scene.aws, region)
    except AwsError as error:
        raise Unprovable(f"the writer endpoint is not known: {error}") from error
    if name is None:
        raise Unprovable("the writer endpoint is not known: DescribeGlobalClusters names none")
    return name, resolve(scene.session.estate, name=name)


def wait_until_endpoint_moved(scene: Scene, before: tuple[str, ...], *, limit_s: float) -> str:
    """Wait until the writer endpoint no longer leads where it led ``before``; marks ``database.writable``.

    Raises ``Unprovable`` after the limit.
    """

    def moved() -> tuple[str, tuple[str, ...]] | None:
        name, now = note_writer_endpoint(scene)
        return (name, now) if now and now != before else None

    name, now = wait_until("the writer endpoint has moved", moved, limit_s=limit_s, every_s=0.05)
    scene.marks.add(DATABASE_WRITABLE, SOURCE, endpoint=name, before=list(before), now=list(now))
    return f"{name} leads to {', '.join(now)} now"
