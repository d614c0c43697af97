"""The few database sessions of one worker: lent out with a deadline, and replaced at once when they die.

psycopg's own pool waits 1 s, then 2 s, before it tries again; a bank whose database is back would look down for longer
than the database was. This one tries after 25, 50, 100 ms, and then every 200 ms, with one attempt at a time: many workers that
tried every 25 ms during a failover took the processor away from those who could be served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from drdrill.lab.bank.endpoints import Locate, fixed
from drdrill.lab.bank.session import Session

RETRY_S = 0.025
RETRY_MOST_S = 0.2
SEEK_S = 1.0
GONE_S = 0.25
"""How long a request waits when no session is alive: long enough for the next attempts to connect."""

BUSY_SHARE = 0.75
"""How much of its deadline a request waits while others use every session; the rest is for the database."""


class NoSession(Exception):
    """No session could be lent: the database was asked nothing."""


class Pool:
    """``size`` sessions with one database, wherever it is when each is opened. Must be used in one event loop.

    With a ``fallback`` all sessions lead there as soon as one with the first place fails, until that answers again.
    """

    def __init__(self, where: str | Locate, size: int, fallback: str | Locate | None = None) -> None:
        self._first = _locator(where)
        self._second = None if fallback is None else _locator(fallback)
        self._at_first = True
        self._seeker: asyncio.Task[None] | None = None
        self._size = size
        self._alive = 0
        self._idle: asyncio.Queue[Session] = asyncio.Queue()
        self._wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._problem = "not connected yet"
        self._failed_in_a_row = 0

    async def __aenter__(self) -> Pool:
        self._wanted.set()
        self._keeper = asyncio.create_task(self._keep_full())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeper is not None, "the pool was never opened"
        tasks = [task for task in (self._keeper, self._seeker) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
                    if self._usable(session):
                        return session
                    await self._discard(session)
        except TimeoutError:
            state = "all sessions are busy" if self._alive else self._problem
            raise NoSession(f"no session with the database within {limit_s:g} s: {state}") from None

    async def _give_back(self, session: Session) -> None:
        if self._usable(session):
            self._idle.put_nowait(session)
            return
        if session.at_first:
            self._doubt_first()
        await self._discard(session)

    def _usable(self, session: Session) -> bool:
        return session.reusable() and session.at_first == self._at_first

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
        at_first = self._at_first or self._second is None
        where = self._first if at_first or self._second is None else self._second
        try:
            session = await Session.open(await where())
        except psycopg.Error as error:
            self._problem = " ".join(str(error).split())
            if at_first:
                self._doubt_first()
            await asyncio.sleep(min(RETRY_MOST_S, RETRY_S * 2**self._failed_in_a_row))
            self._failed_in_a_row = min(self._failed_in_a_row + 1, 10)
            return
        self._failed_in_a_row = 0
        session.at_first = at_first
        self._alive += 1
        self._idle.put_nowait(session)

    def _doubt_first(self) -> None:
        """Where there is a second place, go there at once, and look every second whether the first one answers again."""
        if self._second is None or not self._at_first:
            return
        self._at_first = False
        self._seeker = asyncio.create_task(self._seek_first())

    async def _seek_first(self) -> None:
        while not self._at_first:
            await asyncio.sleep(SEEK_S)
            try:
                found = await Session.open(await self._first())
            except psycopg.Error:
                continue
            await found.close()
            self._at_first = True


def _locator(where: str | Locate) -> Locate:
    return fixed(where) if isinstance(where, str) else where
