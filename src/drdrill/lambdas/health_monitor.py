"""Watches the primary region, and when it is gone makes the database from the newest usable snapshot in the recovery region.

``handler(event, context)`` does what can be done now and returns; a schedule calls it again. A restore takes longer than a
function may run, so nothing is waited for: how far things are stands in the register (``register.py``), and whoever runs next goes on
from there. Running it twice, or twice at once, restores one database.

It declares the loss of the primary only when every look (``looks.py``) finds it gone, ``THRESHOLD`` times in a row; one look that
sees it alive begins the count anew, and a primary that was never seen alive is never declared lost.

Environment: ``PRIMARY_REGION``, ``RECOVERY_REGION``, ``TABLE``, ``DB_INSTANCE`` (the primary's), ``RESTORED_INSTANCE``, ``FRONT_DOOR_URL``
(the primary's own), ``HEALTH_CHECK_ID`` (Route 53, on the primary), ``INTERVAL_S`` (of its own schedule); optional: ``THRESHOLD`` (3), ``LOOKS``
(``front-door,region-api,checkers``), ``LOOK_TIMEOUT_S`` (10), ``ENCRYPTED`` (``no``), ``RESTORE_OPTIONS`` (a JSON object with further
parameters of RestoreDBInstanceFromDBSnapshot, such as ``DBSubnetGroupName``, ``MultiAZ``).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from .copies import choose, copies_of
from .looks import Seen, Vantage, look_everywhere
from .register import KEY, SNAPSHOT, Recovery, Register
from .setting import Place, client, code_of, optional, required

LOG = logging.getLogger(__name__)
LOG.setLevel(logging.INFO)
STEPS_MAX = 10
HOPELESS = frozenset({"failed", "incompatible-restore", "incompatible-parameters", "restore-error", "storage-full"})
"""Statuses of a DB instance that will never be available."""

UNFIT = frozenset({"DBSnapshotNotFound", "InvalidDBSnapshotState", "InvalidRestoreFault", "KMSKeyNotAccessibleFault"})
"""Refusals that speak against the snapshot, and not against the moment."""


@dataclass(frozen=True)
class Rules:
    """When the primary counts as lost: so many looks in a row, which ``interval_s`` lies between."""

    threshold: int
    interval_s: float


def handler(event: object, context: object) -> dict[str, Any]:
    """One run: look if there is nothing to recover from yet, then go on with the recovery as far as it goes now."""
    del event, context
    place = Place.from_environment()
    rules = Rules(int(optional("THRESHOLD", "3")), float(required("INTERVAL_S")))
    register = Register(client("dynamodb", place.recovery_region), place.table)
    recovery, revision = register.read()
    if recovery.phase == "watching":
        seen = look_everywhere(_vantage(place), optional("LOOKS", "front-door,region-api,checkers").split(","))
        looked = noted(recovery, seen, datetime.now(tz=UTC), rules)
        if not register.write(looked, revision):
            return _told("another run was faster", recovery)
        recovery, revision = looked, revision + 1
    for _ in range(STEPS_MAX):
        after = _advanced(recovery, place)
        if after == recovery:
            break
        if not register.write(after, revision):
            return _told("another run was faster", recovery)
        recovery, revision = after, revision + 1
    return _told("done", recovery)


def noted(recovery: Recovery, seen: Sequence[Seen], now: datetime, rules: Rules) -> Recovery:
    """The recovery after one look at everything; declared when the primary was gone often enough in a row.

    Two runs at once count as one look: a look counts only when half an interval has passed since the last.
    """
    at, states = now.isoformat(), {one.state for one in seen}
    told = {one.name: f"{one.state}: {one.sentence}" for one in seen}
    looked = replace(recovery, looks=recovery.looks + 1, looked_at=at, last_look=told)
    if "up" in states:
        return replace(looked, failed_in_a_row=0, first_failed_at="", seen_up_at=at)
    too_soon = bool(recovery.looked_at) and now - datetime.fromisoformat(recovery.looked_at) < timedelta(
        seconds=rules.interval_s / 2
    )
    if "not known" in states or too_soon or not recovery.seen_up_at:
        return replace(looked, looked_at=recovery.looked_at) if too_soon else looked
    failed = recovery.failed_in_a_row + 1
    looked = replace(looked, failed_in_a_row=failed, first_failed_at=recovery.first_failed_at or at)
    return replace(looked, phase="declared", declared_at=at) if failed >= rules.threshold else looked


def _vantage(place: Place) -> Vantage:
    return Vantage(
        primary_region=place.primary_region,
        database=place.database,
        front_door=required("FRONT_DOOR_URL"),
        health_check=required("HEALTH_CHECK_ID"),
        timeout_s=float(optional("LOOK_TIMEOUT_S", "10")),
    )


def _advanced(recovery: Recovery, place: Place) -> Recovery:
    """The recovery one step further, or the same when it has to wait."""
    if recovery.phase == "declared":
        return _chosen(recovery, place)
    if recovery.phase == "restoring":
        return _restored(recovery, place)
    return recovery


def _chosen(recovery: Recovery, place: Place) -> Recovery:
    rds = client("rds", place.recovery_region)
    encrypted = optional("ENCRYPTED", "no") == "yes"
    copy, passed_over = choose(
        copies_of(rds, place.database), recovery.unusable, encrypted=encrypted, sizes=_sizes(place)
    )
    if copy is None:
        problem = f"no usable snapshot of {place.database} in {place.recovery_region}"
        return replace(recovery, passed_over=passed_over, problem=problem)
    attempt = recovery.attempt + 1
    first = required("RESTORED_INSTANCE")
    return replace(
        recovery,
        phase="restoring",
        attempt=attempt,
        snapshot=copy.identifier,
        snapshot_cut_at=copy.cut_at.isoformat(),
        instance=first if attempt == 1 else f"{first}-{attempt}",
        passed_over=passed_over,
        problem="",
    )


def _sizes(place: Place) -> dict[str, int]:
    """What the keeper noted of the originals, in bytes by snapshot."""
    pages = client("dynamodb", place.recovery_region).get_paginator("scan").paginate(TableName=place.table)
    items = [item for page in pages for item in page["Items"] if item[KEY]["S"].startswith(SNAPSHOT)]
    return {item[KEY]["S"].removeprefix(SNAPSHOT): int(item["bytes"]["N"]) for item in items if "bytes" in item}


def _restored(recovery: Recovery, place: Place) -> Recovery:
    rds = client("rds", place.recovery_region)
    try:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=recovery.instance)["DBInstances"]
    except ClientError as error:
        if code_of(error) != "DBInstanceNotFound":
            raise
        return _begun(recovery, rds)
    status = instance["DBInstanceStatus"]
    if status in HOPELESS:
        return recovery.given_up(f"the database made from it ({recovery.instance}) is {status}")
    if status != "available":
        return recovery
    endpoint = f"{instance['Endpoint']['Address']}:{instance['Endpoint']['Port']}"
    return replace(recovery, phase="available", available_at=datetime.now(tz=UTC).isoformat(), endpoint=endpoint)


def _begun(recovery: Recovery, rds: Any) -> Recovery:
    """Ask for the restore. That it is under way already, by another run, is just as good."""
    options = json.loads(optional("RESTORE_OPTIONS", "{}"))
    try:
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=recovery.instance, DBSnapshotIdentifier=recovery.snapshot, **options
        )
    except ClientError as error:
        if code_of(error) in UNFIT:
            return recovery.given_up(f"AWS refused to restore it ({error})")
        if code_of(error) != "DBInstanceAlreadyExists":
            raise
    return recovery


def _told(outcome: str, recovery: Recovery) -> dict[str, Any]:
    document = {"outcome": outcome, **asdict(recovery)}
    LOG.info(json.dumps(document, sort_keys=True))
    return document
