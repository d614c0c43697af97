"""What the lab says about its regions' processes and databases."""

from __future__ import annotations

from typing import Literal

from drdrill.model.frozen import Frozen


class RegionProcess(Frozen):
    """One process of a region, and whether it is alive."""

    pid: int
    name: str
    alive: bool


class Switched(Frozen):
    """What a switchover of the databases came to, told from the databases themselves.

    ``writers``: the regions that take writes now, by really trying one. ``following``: the other one receives their log.
    ``paused_s``: from the moment when writes were refused until they were taken again. ``problem`` is empty when all went well.
    """

    writers: tuple[str, ...]
    following: bool
    paused_s: float
    problem: str = ""


class Rejoined(Frozen):
    """How a database came to follow another one: by rewinding its own data, by a base backup in their place, or by resuming.

    ``because`` is why a rewind would not do, if it was tried.
    """

    region: str
    by: Literal["rewind", "rebuild", "resume"]
    because: str = ""


class DatabaseState(Frozen):
    """What a database is at the moment; ``accepts_writes`` comes from really trying one.

    None means that it could not be asked; ``said`` is then why.
    """

    running: bool
    in_recovery: bool | None = None
    accepts_writes: bool | None = None
    said: str = ""
