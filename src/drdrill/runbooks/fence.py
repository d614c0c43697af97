"""Before the promotion: make sure that the old writer can be paid at no more, when nobody can tell its database so.

The control plane of a parted region cannot be reached, but the front door is a global service: the region's distribution is
disabled. What was acknowledged before that is beyond any fence.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsError
from drdrill.aws.front_door import Answer, ask, resolve
from drdrill.errors import Unprovable
from drdrill.model.estate import Address
from drdrill.model.mark import FENCE_PROVED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_cloudfront.type_defs import DistributionSummaryTypeDef

SOURCE = "runbooks.fence"
_QUIET_S = 0.5
"""How long nobody may be let in before a fence counts: one refusal could be an accident."""


def fence(scene: Scene, region: str, *, limit_s: float) -> str:
    """Disable the region's distribution, and show that no customer gets to the region through it; marks ``fence.proved``.

    Raises ``Unprovable`` when AWS refuses, or when somebody still gets in after the limit: then nothing may be promoted.
    """
    found = _enable(scene, region, enabled=False)
    since_ns: int | None = None
    last: list[str] = []

    def shut() -> str | None:
        nonlocal since_ns
        served = _served_by(scene, found["DomainName"])
        last[:] = [served]
        if served == region:
            since_ns = None
            return None
        since_ns = since_ns or time.monotonic_ns()
        return served if time.monotonic_ns() - since_ns >= _QUIET_S * 1e9 else None

    served = wait_until(f"nobody gets to {region}", shut, limit_s=limit_s, every_s=0.05, seen=lambda: last)
    proof = f"distribution {found['Id']} is disabled, and for {_QUIET_S:g} s nobody was let in ({served})"
    scene.marks.add(FENCE_PROVED, SOURCE, region=region, proof=proof)
    return proof


def unfence(scene: Scene, region: str, *, limit_s: float) -> str:
    """Enable the region's distribution again, and wait until it answers. Raises as ``fence``."""
    found = _enable(scene, region, enabled=True)
    door = f"the distribution of {region} answers"
    wait_until(door, lambda: _served_by(scene, found["DomainName"]) == region, limit_s=limit_s, every_s=0.1)
    return f"distribution {found['Id']} is enabled, and answers"


def _enable(scene: Scene, region: str, *, enabled: bool) -> DistributionSummaryTypeDef:
    scene.aws.refuse_to_change_the_wrong_estate()
    cloudfront = scene.aws.cloudfront()
    try:
        found = _distribution(scene, region)
        read = cloudfront.get_distribution_config(Id=found["Id"])
        config = read["DistributionConfig"]
        if config["Enabled"] != enabled:
            config["Enabled"] = enabled
            cloudfront.update_distribution(Id=found["Id"], IfMatch=read["ETag"], DistributionConfig=config)
    except AwsError as error:
        word = "enabled" if enabled else "fenced"
        raise Unprovable(f"{region} was not {word}: CloudFront said {error}") from error
    return found


def _distribution(scene: Scene, region: str) -> DistributionSummaryTypeDef:
    name = scene.session.estate.target.distributions[region]
    pages = scene.aws.cloudfront().get_paginator("list_distributions").paginate()
    listed = [item for page in pages for item in page.get("DistributionList", {}).get("Items", [])]
    for item in listed:
        if name in (item.get("Id"), item.get("Comment")):
            return item
    raise Unprovable(f"{region} was not fenced: no distribution has the id or the comment {name!r}")


def _served_by(scene: Scene, domain: str) -> str:
    """Which region serves a customer who comes through this distribution; else why nobody does."""
    estate = scene.session.estate
    addresses = resolve(estate, limit_s=1.0, name=domain)
    if not addresses:
        return f"{domain} does not resolve"
    door = estate.target.front_door
    answer = ask(Address(host=addresses[0], port=door.port), "/health", host=door.host, limit_s=1.0)
    if isinstance(answer, Answer):
        return answer.region or f"an answer {answer.status} of no region"
    return answer.because
