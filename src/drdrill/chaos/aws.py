"""Activities of chaostoolkit-aws that were found sound, run in a region of ours with our time-outs.

They cannot be used directly: they know no time-outs and no address but the environment's, and the first profile of a process
silently serves every later one. So each call here gets a session of its own, and the old one back.
"""

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.session
from chaoslib.exceptions import ActivityFailed

from drdrill.aws.clients import client_config, credentials
from drdrill.chaos.activity import Seen, open_scene, probe
from drdrill.errors import BadInput, Unprovable
from drdrill.runbooks.scene import Scene

__all__ = ["chaosaws_probe"]

ALLOWED: Mapping[str, str] = {
    "chaosaws.elbv2.probes.all_targets_healthy": "elbv2",
    "chaosaws.rds.probes.cluster_status": "rds",
    "chaosaws.rds.probes.cluster_membership_count": "rds",
    "chaosaws.route53.probes.get_hosted_zone": "route53",
}
"""Activity to the AWS service that it calls. Probes only: what changes an estate goes through our own faults and runbooks."""


@probe
def chaosaws_probe(activity: str, region: str, arguments: dict[str, Any], expected: Any = True) -> Seen:
    """Whether an allow-listed chaostoolkit-aws probe answers ``expected`` in a region."""
    if activity not in ALLOWED:
        raise BadInput("not calling AWS", [f"{activity!r} is not allowed; allowed are {', '.join(ALLOWED)}"])
    scene = open_scene()
    module, name = activity.rsplit(".", 1)
    function = getattr(importlib.import_module(module), name)
    with _in_region(scene, ALLOWED[activity], region):
        try:
            found = function(**arguments, configuration={"aws_region": region})
        except ActivityFailed as error:
            raise Unprovable(f"{activity} in {region} failed: {error}") from error
    return Seen(met=found == expected, sentence=f"{activity} in {region} answered {found!r} (expected {expected!r})")


@contextmanager
def _in_region(scene: Scene, service: str, region: str) -> Iterator[None]:
    """The environment and the default session for one call, put back afterwards."""
    url = scene.aws.endpoint(service, region)
    keys = credentials(scene.session.estate)
    wanted = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}
    wanted |= {name.upper(): value for name, value in keys.items()} | ({"AWS_ENDPOINT_URL": url} if url else {})
    before = {name: os.environ.get(name) for name in wanted}
    session_before = boto3.DEFAULT_SESSION
    try:
        os.environ.update(wanted)
        bare = botocore.session.get_session()
        bare.set_default_client_config(client_config(connect_s=1.0, read_s=3.0, attempts=2))
        boto3.setup_default_session(botocore_session=bare, region_name=region)
        yield
    finally:
        boto3.DEFAULT_SESSION = session_before
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
