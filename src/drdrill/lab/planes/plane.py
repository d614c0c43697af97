"""What the lab asks of a data plane, whichever strategy it stands for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.cluster import Cluster
from drdrill.lab.programs import Programs
from drdrill.model.estate import Address

Body = dict[str, Any]
Verb = Callable[[Body], Awaitable[Body]]
"""One thing that other processes may ask of the lab's control."""


@dataclass(frozen=True)
class Ground:
    """What every plane is built on: names and addresses, PostgreSQL's programs and account, folders it may fill."""

    programs: Programs
    binaries: Binaries
    account: Account
    data: Path
    spare: Path
    logs: Path

    def cluster(self, name: str, address: Address) -> Cluster:
        """A PostgreSQL server that does not exist yet; its data directory and its log bear its name."""
        log = self.logs / f"{name}.log"
        return Cluster(name, self.data / name, address, self.binaries, self.account, log)


class Plane(Protocol):
    """The databases of both regions. Belongs to the supervisor's event loop."""

    def clusters(self, region: str) -> Sequence[Cluster]:
        """Every server of the region; they are killed with it."""

    async def open_primary(self) -> None:
        """Bring up what needs no relay. Called while the other programs are still starting."""

    async def open_rest(self) -> None:
        """Bring up the rest, through the relays; returns when the strategy's steady state is reached."""

    async def start_region(self, region: str, *, fenced: bool) -> None:
        """Start the servers of a region that was killed; ``fenced``: none of them may take a write."""

    def verbs(self) -> Mapping[str, Verb]:
        """What this plane adds to the lab's control."""
