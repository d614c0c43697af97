"""What a region's keeper of snapshots is told when it starts. Holds secrets, so it is never evidence."""

from __future__ import annotations

from pathlib import Path

from drdrill.model.estate import Address
from drdrill.model.frozen import Frozen


class ShelfConfig(Frozen):
    """Where the shelf lies and listens; the server that is backed up; the relay to the other region's shelf.

    ``binaries`` is the folder of PostgreSQL's programs, ``version`` theirs. A copy of which nothing arrives for ``stall_s`` has
    failed.
    """

    region: str
    listen: Address
    folder: Path
    token: str
    database: Address
    role: str
    password: str
    binaries: Path
    version: str
    other_region: str
    other_shelf: Address
    stall_s: float = 60.0
