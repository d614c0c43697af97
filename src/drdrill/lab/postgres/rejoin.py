"""An old primary becomes the standby of the new one, and what only it holds is kept aside before that is destroyed.

1 the new primary writes a checkpoint, and a slot keeps its log (a rewind right after a promotion may otherwise do nothing, and say
so)  2 the old server stops in order  3 its data directory is copied  4 it is rewound to where the two histories part  5 it
starts as a standby, and the log streams  6 both hold the same books

What a rewind cannot do a rebuild does: a base backup in the place of the old data. Where that fails as well, the old data
come back from the copy, behind a fence.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from drdrill.errors import EstateError
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.cluster import Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, until_streaming
from drdrill.lab.postgres.digest import demand_same_books
from drdrill.lab.postgres.slots import drop_idle_slots, make_slot
from drdrill.lab.state import Rejoined

PREPARE_S = 5.0
STOP_S = 20.0
FOLLOW_S = 15.0
COMPARE_S = 20.0
NOTHING_TO_DO = "no rewind required"


@dataclass(frozen=True)
class Newcomer:
    """The server that is to follow: its region, its cluster, and how its administrator reaches it past the relays."""

    region: str
    cluster: Cluster
    dsn: str
    account: Account


@dataclass(frozen=True)
class Leader:
    """The server to be followed. ``dsn`` and ``upstream`` lead through the relay, ``direct`` past it."""

    region: str
    dsn: str
    direct: str
    upstream: Upstream


class Rejoin:
    """One return of an old primary. ``keep`` is where the copy of its data goes; None keeps none, because nothing diverged."""

    def __init__(self, newcomer: Newcomer, leader: Leader, keep: Path | None) -> None:
        self._newcomer = newcomer
        self._leader = leader
        self._keep = keep

    async def perform(self) -> Rejoined:
        """Do it. Raises ``EstateError`` when the old server does not follow; it is fenced then, or as it was."""
        cluster = self._newcomer.cluster
        has_own_history = cluster.fenced or not cluster.is_standby
        # Through the relay: what cannot be reached is found out before anything is stopped.
        await ask(self._leader.dsn, self._prepare, limit_s=PREPARE_S)
        self._demand_region()
        await self._stop()
        await self._copy_aside()
        try:
            return await self._follow(has_own_history)
        except EstateError:
            await self._give_up()
            raise

    async def _follow(self, has_own_history: bool) -> Rejoined:
        try:
            if has_own_history:
                await self._rewind()
            await self._start_following()
        except EstateError as error:
            await self._rebuild()
            await self._start_following()
            return Rejoined(region=self._newcomer.region, by="rebuild", because=str(error))
        return Rejoined(region=self._newcomer.region, by="rewind" if has_own_history else "resume")

    async def _prepare(self, connection: Connection) -> None:
        await connection.execute("CHECKPOINT")
        await make_slot(connection, self._leader.upstream.slot)

    async def _stop(self) -> None:
        cluster = self._newcomer.cluster
        try:
            await cluster.stop(limit_s=STOP_S)
        except TimeoutError:
            await cluster.kill()  # a rewind recovers it first; a standby that was killed starts again
        cluster.clear_remains()

    async def _copy_aside(self) -> None:
        if self._keep is not None and not self._keep.exists():
            partial = self._keep.with_name(self._keep.name + ".partial")
            await asyncio.to_thread(_copy, self._newcomer.cluster.data, partial, self._newcomer.account)
            partial.rename(self._keep)

    async def _rewind(self) -> None:
        said = await self._newcomer.cluster.rewind(self._leader.dsn)
        if NOTHING_TO_DO in said:
            raise EstateError(f"the rewind of {self._newcomer.region} did nothing ({said.splitlines()[-1]})")

    async def _start_following(self) -> None:
        cluster, upstream = self._newcomer.cluster, self._leader.upstream
        cluster.configure()
        cluster.follow(upstream)
        self._demand_region()
        await cluster.start()
        await ask(self._leader.direct, lambda connection: until_streaming(connection, upstream.slot), limit_s=FOLLOW_S)
        await demand_same_books(self._leader.direct, self._newcomer.dsn, limit_s=COMPARE_S)
        await ask(self._newcomer.dsn, drop_idle_slots, limit_s=PREPARE_S)

    async def _rebuild(self) -> None:
        cluster = self._newcomer.cluster
        self._demand_region()
        await cluster.kill()
        await asyncio.to_thread(shutil.rmtree, cluster.data)
        await ask(self._leader.dsn, self._drop_slot, limit_s=PREPARE_S)
        await cluster.copy_from(self._leader.upstream)

    async def _drop_slot(self, connection: Connection) -> None:
        slot = self._leader.upstream.slot
        query = (
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        )
        while await (
            await connection.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (slot,))
        ).fetchone():
            await connection.execute(query, (slot,))
            await asyncio.sleep(0.02)

    async def _give_up(self) -> None:
        """The old data again, where they are still there, behind a fence: it may be half rewound now."""
        cluster = self._newcomer.cluster
        await cluster.kill()
        if self._keep is not None and self._keep.exists():
            await asyncio.to_thread(shutil.rmtree, cluster.data, ignore_errors=True)
            await asyncio.to_thread(_copy, self._keep, cluster.data, self._newcomer.account)
        if not cluster.data.exists():
            return
        cluster.configure()
        cluster.fence()
        cluster.fenced = True
        if not cluster.lost:
            with contextlib.suppress(EstateError):  # whoever looks finds it dead, and why is in its own log
                await cluster.start()

    def _demand_region(self) -> None:
        if self._newcomer.cluster.lost:
            raise EstateError(f"{self._newcomer.region} does not rejoin: it is lost")


def _copy(source: Path, destination: Path, account: Account) -> None:
    shutil.rmtree(destination, ignore_errors=True)
    shutil.copytree(source, destination, symlinks=True)
    destination.chmod(0o700)
    account.own(destination)
