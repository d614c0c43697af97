"""Whether two servers hold the same books: the only proof that a rewind did what it said."""

from __future__ import annotations

import asyncio

from drdrill.errors import EstateError
from drdrill.lab.postgres.database import Connection, ask

_NEWEST = "SELECT coalesce(max(entry_id), 0), pg_current_wal_lsn()::text FROM entries"
_DIGEST = """
SELECT count(*), coalesce(sum(hashtextextended(entries::text, 0)), 0)::text FROM entries WHERE entry_id <= %s
"""
_REPLAYED = "SELECT coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)"
_TRIES = 5
_LOOK_S = 0.01

Digest = tuple[int, str]
"""How many ledger rows there are, and the sum of their hashes."""


async def demand_same_books(leader: str, follower: str, *, limit_s: float) -> Digest:
    """Compare every ledger row up to the leader's newest, once the follower has replayed that.

    Payments go on meanwhile, and one with a smaller number may commit later: the leader is asked before and after,
    and only when it has not changed between do the two have to agree. Raises ``EstateError`` when they do not.
    """
    for _ in range(_TRIES):
        newest, position = await ask(leader, _newest, limit_s=limit_s)
        before = await _digest(leader, newest, limit_s)
        await _until_replayed(follower, position, limit_s)
        theirs = await _digest(follower, newest, limit_s)
        if await _digest(leader, newest, limit_s) != before:
            continue
        if theirs != before:
            raise EstateError(f"the books differ: {before[0]} ledger rows there, {theirs[0]} here, or others")
        return before
    raise EstateError(f"the books could not be compared: they changed in each of {_TRIES} looks")


async def _newest(connection: Connection) -> tuple[int, str]:
    row = await (await connection.execute(_NEWEST)).fetchone()
    assert row is not None, "an aggregate always answers one row"
    return int(row[0]), str(row[1])


async def _digest(dsn: str, newest: int, limit_s: float) -> Digest:
    async def question(connection: Connection) -> Digest:
        row = await (await connection.execute(_DIGEST, (newest,))).fetchone()
        assert row is not None, "an aggregate always answers one row"
        return int(row[0]), str(row[1])

    return await ask(dsn, question, limit_s=limit_s)


async def _until_replayed(dsn: str, position: str, limit_s: float) -> None:
    async def question(connection: Connection) -> None:
        while await (await connection.execute(_REPLAYED, (position,))).fetchone() != (True,):
            await asyncio.sleep(_LOOK_S)

    await ask(dsn, question, limit_s=limit_s)
