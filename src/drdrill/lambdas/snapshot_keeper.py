"""Takes a snapshot of the primary's database every interval, copies it to the recovery region, and notes what is there.

``handler(event, context)`` does what can be done now and returns; a schedule calls it several times in an interval. A snapshot
and its copy take longer than a function may run, so nothing is waited for: each run sees by the names what is still to be done.

The copies are ordinary snapshots and ``CopyDBSnapshot``, not RDS's own cross-region automated backups, whose destinations for
Mumbai did not include Hyderabad but did include regions outside India.

Once the recovery region has taken over, it does nothing any more: a snapshot of the old primary would be newer by its name,
and older by what it holds.

Environment: ``PRIMARY_REGION``, ``RECOVERY_REGION``, ``TABLE``, ``DB_INSTANCE``, ``SNAPSHOT_INTERVAL_S``; optional: ``KEPT`` (4),
``KMS_KEY_ID`` (a key of the recovery region: without one AWS copies no encrypted snapshot to another region).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from .copies import Copy, copies_of
from .register import KEY, SNAPSHOT, Register
from .setting import Place, client, code_of, optional, required

LOG = logging.getLogger(__name__)
LOG.setLevel(logging.INFO)
_NOT_NOW = frozenset({"DBSnapshotAlreadyExists", "InvalidDBInstanceState", "SnapshotQuotaExceeded"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def handler(event: object, context: object) -> dict[str, Any]:
    """One run: take this interval's snapshot, copy the newest that is not copied, note what arrived, remove the oldest."""
    del event, context
    place = Place.from_environment()
    register = Register(client("dynamodb", place.recovery_region), place.table)
    recovery, _revision = register.read()
    if recovery.phase != "watching":
        return _told(stopped=f"the recovery is {recovery.phase}: nothing is copied from the old primary any more")
    here, there = client("rds", place.primary_region), client("rds", place.recovery_region)
    name = name_of_now(place.database, datetime.now(tz=UTC), float(required("SNAPSHOT_INTERVAL_S")))
    originals, copies = copies_of(here, place.database), copies_of(there, place.database)
    taken = _take(here, place, name, originals)
    copied = _copy(there, place, originals, copies)
    noted = _note(place, originals, copies)
    removed = _remove(here, originals, int(optional("KEPT", "4"))) + _remove(there, copies, int(optional("KEPT", "4")))
    return _told(taken=taken, copied=copied, noted=noted, removed=removed)


def name_of_now(database: str, now: datetime, interval_s: float) -> str:
    """The name of the snapshot of the interval that ``now`` lies in: one name, so one snapshot, whoever takes it."""
    whole = int((now - _EPOCH) / timedelta(seconds=interval_s))
    began = _EPOCH + timedelta(seconds=interval_s) * whole
    return f"{database}-{began:%Y%m%dt%H%M%S}z"


def _take(here: Any, place: Place, name: str, originals: Sequence[Copy]) -> str:
    if name in {original.identifier for original in originals}:
        return ""
    try:
        here.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=place.database)
    except ClientError as error:
        if code_of(error) not in _NOT_NOW:
            raise
        return ""
    return name


def _copy(there: Any, place: Place, originals: Sequence[Copy], copies: Sequence[Copy]) -> str:
    """Copy the newest whole original, unless a copy is under way; AWS copies one after the other anyway."""
    for failed in (copy for copy in copies if copy.status == "failed"):
        there.delete_db_snapshot(DBSnapshotIdentifier=failed.identifier)
        return ""
    newest = next((original for original in originals if original.is_whole), None)
    if newest is None or any(copy.status != "available" for copy in copies):
        return ""
    if newest.identifier in {copy.identifier for copy in copies}:
        return ""
    key = optional("KMS_KEY_ID", "")
    there.copy_db_snapshot(
        **({"KmsKeyId": key} if key else {}),
        SourceDBSnapshotIdentifier=newest.arn,
        TargetDBSnapshotIdentifier=newest.identifier,
        SourceRegion=place.primary_region,
        CopyTags=True,
    )
    return newest.identifier


def _note(place: Place, originals: Sequence[Copy], copies: Sequence[Copy]) -> str:
    """Note the newest whole copy: what it is a copy of, how many bytes the original had, and when it was whole here."""
    newest = next((copy for copy in copies if copy.is_whole), None)
    if newest is None:
        return ""
    original = next((one for one in originals if one.identifier == newest.identifier), None)
    if original is None:
        return ""
    item = {
        KEY: {"S": SNAPSHOT + newest.identifier},
        "cut_at": {"S": newest.cut_at.isoformat()},
        "whole_at": {"S": datetime.now(tz=UTC).isoformat()},
        "source": {"S": original.arn},
        **({} if original.size is None else {"bytes": {"N": str(original.size)}}),
    }
    try:
        client("dynamodb", place.recovery_region).put_item(
            TableName=place.table, Item=item, ConditionExpression=f"attribute_not_exists({KEY})"
        )
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return ""
    return newest.identifier


def _remove(rds: Any, copies: Sequence[Copy], kept: int) -> list[str]:
    """Remove all but the newest whole ones. What is not whole is not counted, and left to AWS."""
    old = [copy.identifier for copy in copies if copy.is_whole][kept:]
    for identifier in old:
        rds.delete_db_snapshot(DBSnapshotIdentifier=identifier)
    return old


def _told(**facts: object) -> dict[str, Any]:
    LOG.info(json.dumps(facts, sort_keys=True))
    return facts
