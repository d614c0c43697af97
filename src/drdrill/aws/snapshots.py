"""Snapshots that are copied to the recovery region, and the recovery from them, as AWS shows both there."""

from __future__ import annotations

from datetime import UTC, datetime

from drdrill.aws.clients import AwsClients
from drdrill.errors import Unprovable
from drdrill.lambdas.copies import Copy, copies_of
from drdrill.lambdas.register import KEY, SNAPSHOT, Recovery, Register
from drdrill.model.frozen import Frozen
from drdrill.model.target import Rds, Snapshots

__all__ = [
    "Copy",
    "NewestCopy",
    "Recovery",
    "copies_in",
    "newest_copy",
    "recovery_of",
    "sections",
    "writer_of_snapshots",
]


class NewestCopy(Frozen):
    """The newest whole copy in the recovery region, seen at one moment.

    ``age_s`` counts from the moment of the database that it holds, by the wall clock: AWS dates it so. ``copy_s`` is how long after that
    moment it was first seen whole in the recovery region, None when that was not noted. ``copying`` are unfinished ones and their percent.
    """

    identifier: str
    cut_at: str
    age_s: float
    copy_s: float | None
    copying: dict[str, int]


def sections(aws: AwsClients) -> tuple[Rds, Snapshots]:
    """What the target says of its instances and snapshots. Raises ``Unprovable`` when it says nothing."""
    target = aws.estate.target
    if target.rds is None or target.snapshots is None:
        raise Unprovable(f"{target.name} has no [rds] and [snapshots]: nobody can say what its snapshots are")
    return target.rds, target.snapshots


def recovery_of(aws: AwsClients) -> Recovery:
    """How far the monitor is, from its register in the recovery region. Raises boto3's own errors (``AwsError``)."""
    _rds, snapshots = sections(aws)
    return Register(aws.dynamodb(aws.estate.target.recovery_region), snapshots.table).read()[0]


def copies_in(aws: AwsClients, region: str) -> list[Copy]:
    """Every snapshot of the primary's database in a region, newest first; unfinished ones included."""
    rds, _snapshots = sections(aws)
    return copies_of(aws.rds(region), rds.instances[aws.estate.target.primary_region])


def newest_copy(aws: AwsClients) -> NewestCopy | None:
    """The newest whole copy in the recovery region; None when there is none. Asks that region alone."""
    copies = copies_in(aws, aws.estate.target.recovery_region)
    now = datetime.now(tz=UTC)
    whole = next((copy for copy in copies if copy.is_whole), None)
    if whole is None:
        return None
    return NewestCopy(
        identifier=whole.identifier,
        cut_at=whole.cut_at.isoformat(),
        age_s=(now - whole.cut_at).total_seconds(),
        copy_s=_copy_s(aws, whole),
        copying={copy.identifier: copy.percent for copy in copies if copy.status == "creating"},
    )


def _copy_s(aws: AwsClients, copy: Copy) -> float | None:
    """From the cut of a snapshot until the keeper first saw it whole in the recovery region, in seconds."""
    _rds, snapshots = sections(aws)
    key = {KEY: {"S": SNAPSHOT + copy.identifier}}
    found = aws.dynamodb(aws.estate.target.recovery_region).get_item(TableName=snapshots.table, Key=key)
    if "Item" not in found:
        return None
    whole_at = datetime.fromisoformat(found["Item"]["whole_at"]["S"])
    return (whole_at - copy.cut_at).total_seconds()


def writer_of_snapshots(aws: AwsClients, region: str) -> str | None:
    """The region that writes: the primary's until a recovery is declared, nobody's until it is done, then the recovery region.

    The recovery region knows; the primary knows only of itself.
    """
    target = aws.estate.target
    if region == target.primary_region:
        rds, _snapshots = sections(aws)
        (instance,) = aws.rds(region).describe_db_instances(DBInstanceIdentifier=rds.instances[region])["DBInstances"]
        return region if instance.get("DBInstanceStatus") == "available" else None
    phase = recovery_of(aws).phase
    if phase == "watching":
        return target.primary_region
    return region if phase == "available" else None
