"""Customers of two regions that both serve: who is answered by which region, and how to take a region out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.aws.failover_record import weighted_records
from drdrill.aws.front_door import Answer, ask_front_door
from drdrill.errors import Unprovable
from drdrill.model.mark import TRAFFIC_ROUTED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef

SOURCE = "runbooks.weighted_routing"
ASKED = 20
"""So many answers in a row: with two regions in rotation, one of a million such rows comes from one region alone."""


def serving_regions(scene: Scene, *, asked: int = ASKED) -> dict[str, int]:
    """Who serves customers now: each region with its count of so many requests by name; ``nobody`` for those without an answer."""
    counted: dict[str, int] = {}
    for _ in range(asked):
        answer = ask_front_door(scene.session.estate, "/serving", limit_s=1.0)
        region = answer.region if isinstance(answer, Answer) and answer.status == 200 else None
        counted[region or "nobody"] = counted.get(region or "nobody", 0) + 1
    return counted


def wait_until_served_by(scene: Scene, region: str, *, limit_s: float) -> str:
    """Wait until every customer is served by this one region; marks ``traffic.routed``. Raises ``Unprovable`` after the limit."""
    last: list[object] = []

    def alone() -> bool:
        one = serving_regions(scene, asked=1)
        last[:] = [one if set(one) != {region} else serving_regions(scene)]
        return last == [{region: ASKED}]

    wait_until(f"customers are served by {region} alone", alone, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    scene.marks.add(TRAFFIC_ROUTED, SOURCE, region=region)
    return f"{ASKED} of {ASKED} requests by name were served by {region}"


def set_weight(clients: AwsClients, region: str, weight: int) -> str:
    """Give a region's record this weight: 0 takes the region out. Raises ``Unprovable`` when Route 53 refuses, or has no such record."""
    clients.refuse_to_change_the_wrong_estate()
    zone, records = weighted_records(clients)
    ours = [record for record in records if record.get("SetIdentifier") == region]
    if not ours:
        raise Unprovable(f"the weight was not changed: the front door has no weighted record for {region}")
    changes: list[ChangeTypeDef] = [
        {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": weight}} for record in ours
    ]
    try:
        clients.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    except AwsError as error:
        raise Unprovable(f"the weight of {region} was not changed: {error}") from error
    return f"{region} has weight {weight}"
