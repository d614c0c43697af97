"""Which copies of the snapshots a database may be made from, judged by what AWS says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Copy:
    """A snapshot in a region. ``cut_at`` is the moment of the database that it holds, not that of its copying."""

    identifier: str
    cut_at: datetime
    status: str
    percent: int
    encrypted: bool
    size: int | None
    arn: str

    @property
    def is_whole(self) -> bool:
        """Whether AWS says that it is finished."""
        return self.status == "available" and self.percent == 100


def copies_of(rds: Any, database: str) -> list[Copy]:
    """Every manual snapshot of the database in the region of the client, newest first."""
    pages = rds.get_paginator("describe_db_snapshots").paginate(SnapshotType="manual")
    found = [_copy(one) for page in pages for one in page["DBSnapshots"] if one["DBInstanceIdentifier"] == database]
    return sorted(found, key=lambda copy: copy.cut_at, reverse=True)


def _copy(one: Mapping[str, Any]) -> Copy:
    return Copy(
        identifier=one["DBSnapshotIdentifier"],
        cut_at=one.get("OriginalSnapshotCreateTime") or one["SnapshotCreateTime"],
        status=one["Status"],
        percent=int(one.get("PercentProgress", 100 if one["Status"] == "available" else 0)),
        encrypted=bool(one.get("Encrypted", False)),
        size=one.get("FullSnapshotSizeInBytes"),
        arn=one.get("DBSnapshotArn", ""),
    )


def unusable_because(copy: Copy, *, encrypted: bool, sizes: Mapping[str, int]) -> str | None:
    """Why no database may be made from this copy, as far as AWS tells; None when nothing speaks against it.

    ``sizes`` are what the originals measured, in bytes, where that was noted.
    """
    if copy.status != "available":
        return f"it is {copy.status}, {copy.percent} % done"
    if copy.percent != 100:
        return f"only {copy.percent} % of it are there"
    if copy.encrypted != encrypted:
        return "it is encrypted" if copy.encrypted else "it is not encrypted"
    noted = sizes.get(copy.identifier)
    if noted is not None and copy.size is not None and noted != copy.size:
        return f"it has {copy.size} bytes, and its original had {noted}"
    return None


def choose(
    copies: Iterable[Copy], known_unusable: Mapping[str, str], *, encrypted: bool, sizes: Mapping[str, int]
) -> tuple[Copy | None, dict[str, str]]:
    """The newest copy that nothing speaks against (None: there is none), and why each newer one was passed over."""
    passed_over: dict[str, str] = {}
    for copy in copies:
        why = known_unusable.get(copy.identifier) or unusable_because(copy, encrypted=encrypted, sizes=sizes)
        if why is None:
            return copy, passed_over
        passed_over[copy.identifier] = why
    return None, passed_over
