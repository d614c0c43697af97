"""A planned exchange of roles between a primary and its standby: nothing is lost, and never do both take writes.

1 the primary refuses writes  2 the standby has everything  3 the primary stops in order, which streams its last record
4 the standby has that record too  5 it is promoted  6 the old primary starts as its standby, and the log streams

Until step 5 whatever fails leads back: the old primary takes writes again. After it, there is no way but forward.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from psycopg import sql

from drdrill.errors import EstateError
from drdrill.lab.postgres.cluster import Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, look, promote, until_streaming
from drdrill.lab.postgres.slots import drop_idle_slots, make_slot
from drdrill.lab.state import Switched

ANSWER_S = 5.0
CATCH_UP_S = 10.0
STOP_S = 20.0
PROMOTION_S = 20.0
FOLLOW_S = 15.0
LOOK_S = 0.005

_END_SESSIONS = """
SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Side:
    """One of the two clusters, and how its administrator reaches it past the relays."""

    region: str
    cluster: Cluster
    dsn: str


class Switchover:
    """One exchange of roles. ``back`` is how the old primary will read the log of the new one."""

    def __init__(self, source: Side, destination: Side, back: Upstream) -> None:
        self._source = source
        self._destination = destination
        self._back = back
        self._refused_ns = 0
        self._taken_ns = 0

    async def perform(self) -> Switched:
        """Do it; a failure is told in the outcome, after everything was done to have exactly one primary again."""
        self._refused_ns = time.monotonic_ns()
        try:
            await self._hand_over()
        except EstateError as error:
            problem = f"{error}{await self._retreat()}"
        else:
            problem = await self._turn_round()
        return await self._outcome(problem)

    async def _hand_over(self) -> None:
        """Steps 1 to 5. Raises ``EstateError`` as long as the destination has not begun a history of its own."""
        source, destination = self._source, self._destination
        end = await ask(source.dsn, _refuse_writes, limit_s=ANSWER_S)
        await self._until_replayed(end, ">=", CATCH_UP_S)
        try:
            await source.cluster.stop(limit_s=STOP_S)
        except TimeoutError as error:
            await source.cluster.kill()
            raise EstateError(f"the old primary did not stop within {STOP_S:g} s and was killed") from error
        await self._until_replayed(await source.cluster.last_checkpoint(), ">", ANSWER_S)
        try:
            await promote(destination.dsn, limit_s=PROMOTION_S)
        except EstateError as error:
            await self._decide_promotion(error)
        self._taken_ns = time.monotonic_ns()

    async def _until_replayed(self, position: str, how: str, limit_s: float) -> None:
        """Wait until the standby has replayed the log up to (``>=``), or past the record at (``>``), this position."""
        query = f"SELECT pg_last_wal_replay_lsn() {how} %s::pg_lsn"

        async def replayed(connection: Connection) -> None:
            while await (await connection.execute(query.encode(), (position,))).fetchone() != (True,):
                await asyncio.sleep(LOOK_S)

        try:
            await ask(self._destination.dsn, replayed, limit_s=limit_s)
        except EstateError as error:
            raise EstateError(
                f"{self._destination.region} did not get all of the log, up to {position} ({error})"
            ) from error

    async def _decide_promotion(self, error: EstateError) -> None:
        """Nobody knows whether a promotion that failed has begun; the files of a killed server do."""
        cluster = self._destination.cluster
        await cluster.kill()
        if cluster.is_standby:
            raise EstateError(f"{self._destination.region} was not promoted: {error}") from error
        await self._start(self._destination)

    async def _retreat(self) -> str:
        """Let the old primary take writes again, and the standby run; returns what did not work, to be added to a sentence."""
        source, destination = self._source, self._destination
        if not destination.cluster.is_standby:
            source.cluster.follow(self._back)  # two histories would be worse than none
            return f"; {destination.region} was promoted and is gone, and {source.region} is kept from writing"
        try:
            if source.cluster.child.alive():
                await ask(source.dsn, _take_writes, limit_s=ANSWER_S)
            else:
                source.cluster.lead()
                await self._start(source)
            self._taken_ns = time.monotonic_ns()
            if not destination.cluster.child.alive():
                await self._start(destination)
        except EstateError as error:
            return f"; and the way back failed: {error}"
        return ""

    async def _turn_round(self) -> str:
        """Step 6; returns what did not work. Whatever happens, the old primary can take no write: it starts as a standby."""
        source, destination, back = self._source, self._destination, self._back

        try:
            source.cluster.follow(back)
            await ask(destination.dsn, lambda connection: make_slot(connection, back.slot), limit_s=ANSWER_S)
            await self._start(source)
            await ask(destination.dsn, lambda connection: until_streaming(connection, back.slot), limit_s=FOLLOW_S)
            await ask(source.dsn, drop_idle_slots, limit_s=ANSWER_S)
        except EstateError as error:
            return f"{source.region} does not follow {destination.region}, which is the primary now: {error}"
        return ""

    async def _start(self, side: Side) -> None:
        """Start a server, unless its region was killed meanwhile: then it stays dead, until the region is started."""
        if not side.cluster.lost:
            await side.cluster.start()
        if side.cluster.lost:
            await side.cluster.kill()
            raise EstateError(f"{side.region} was killed meanwhile")

    async def _outcome(self, problem: str) -> Switched:
        sides = (self._source, self._destination)
        states = await asyncio.gather(*(look(side.dsn) for side in sides))
        writers = tuple(side.region for side, state in zip(sides, states, strict=True) if state.accepts_writes)
        if problem:
            problem = f"{' and '.join(writers) or 'no database'} takes writes now: {problem}"
        following = not problem and writers == (self._destination.region,)
        paused_s = max(0, self._taken_ns - self._refused_ns) / 1e9
        return Switched(writers=writers, following=following, paused_s=round(paused_s, 4), problem=problem)


async def _refuse_writes(connection: Connection) -> str:
    """Let every new transaction be read-only, end all sessions, and return where the log ends then.

    The postmaster reads its settings before it tells its children: when ours are new, a session that begins later has them.
    """
    await connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await connection.execute("SELECT pg_reload_conf()")
    await _until_read_only_is(connection, "on")
    ended = [row[0] for row in await (await connection.execute(_END_SESSIONS)).fetchall()]
    remaining = sql.SQL("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY({})").format(sql.Literal(ended))
    while await _one(connection, remaining):
        await asyncio.sleep(LOOK_S)
    return str(await _one(connection, "SELECT pg_current_wal_lsn()"))


async def _take_writes(connection: Connection) -> None:
    await connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
    await connection.execute("SELECT pg_reload_conf()")
    await _until_read_only_is(connection, "off")


async def _until_read_only_is(connection: Connection, wanted: str) -> None:
    while await _one(connection, "SELECT current_setting('default_transaction_read_only')") != wanted:
        await asyncio.sleep(LOOK_S)


async def _one(connection: Connection, query: str | sql.Composed) -> object:
    row = await (await connection.execute(query.encode() if isinstance(query, str) else query)).fetchone()
    assert row is not None
    return row[0]
