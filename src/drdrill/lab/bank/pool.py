"""The few database sessions of one worker: lent out with a deadline, and replaced at once when they die.

psycopg's own pool waits 1 s, then 2 s, before it tries again; a bank whose database is back would look down for longer
than the database was. This one tries every 25 ms, with one attempt at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from drdrill.lab.bank.session import Session

RETRY_S = 0.025
GONE_S = 0.25
"""How long a request waits when no session is alive: long enough for the next attempts to connect."""

BUSY_SHARE = 0.75
"""How much of its deadline a request waits while others use every session; the rest is for the database."""


class NoSession(Exception):
    """No session could be lent: the database was asked nothing."""


class Pool:
    """``size`` sessions with one database. Must be opened and used in one event loop."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._size = size
        self._alive = 0
        self._idle: asyncio.Queue[Session] = asyncio.Queue()
        self._wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._problem = "not connected yet"

    async def __aenter__(self) -> Pool:
        self._wanted.set()
        self._keeper = asyncio.create_task(self._keep_full())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeper is not None, "the pool was never opened"
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        while not self._idle.empty():
            await self._idle.get_nowait().close()

    @asynccontextmanager
    async def lend(self, deadline_s: float) -> AsyncIterator[Session]:
        """A session until the block ends, but at most ``deadline_s`` from now: then it is severed.

        Raises ``NoSession`` when none comes free in time: 250 ms if none is alive, else three quarters of the deadline.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + deadline_s
        patience_s = deadline_s * BUSY_SHARE
        session = await self._take(patience_s if self._alive else min(GONE_S, patience_s))
        alarm = loop.call_at(due, session.sever)
        try:
            yield session
        finally:
            alarm.cancel()
            await self._give_back(session)

    async def _take(self, limit_s: float) -> Session:
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    session = await self._idle.get()
                    if session.reusable():
                        return session
                    await self._discard(session)
        except TimeoutError:
            state = "all sessions are busy" if self._alive else self._problem
            raise NoSession(f"no session with the database within {limit_s:g} s: {state}") from None

    async def _give_back(self, session: Session) -> None:
        if session.reusable():
            self._idle.put_nowait(session)
        else:
            await self._discard(session)

    async def _discard(self, session: Session) -> None:
        self._alive -= 1
        self._wanted.set()
        await session.close()

    async def _keep_full(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._alive < self._size:
                await self._add_one()

    async def _add_one(self) -> None:
        try:
            session = await Session.open(self._dsn)
        except psycopg.Error as error:
            self._problem = " ".join(str(error).split())
            await asyncio.sleep(RETRY_S)
            return
        self._alive += 1
        self._idle.put_nowait(session)
