"""One application worker: a process of its own, with its own sessions and its own address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from drdrill.lab.bank.config import BankConfig
from drdrill.lab.bank.defect import parse_defects
from drdrill.lab.bank.endpoints import Locate, Resolve, located, resolver
from drdrill.lab.bank.ledger import Ledger
from drdrill.lab.bank.liar import LyingLedger
from drdrill.lab.bank.pool import Pool
from drdrill.lab.bank.web import Counter
from drdrill.lab.serving import BACKLOG, until_terminated


async def work(config: BankConfig, number: int, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM. The database may be away at any time, from the beginning on."""
    resolve = resolver(config.dns, config.remember_s) if config.dns else None
    async with AsyncExitStack() as pools:
        pool = await pools.enter_async_context(_pool(config, config.dsn, resolve))
        reads = pool
        if config.reader is not None:
            reads = await pools.enter_async_context(_pool(config, config.reader, resolve, config.dsn))
        counter = Counter(_ledger(config, pool, reads, number), config.region, config.release)
        runner = web.AppRunner(counter.application(), access_log=None, shutdown_timeout=config.deadline_s)
        await runner.setup()
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
        await until_terminated(ready)
        await runner.cleanup()


def _pool(config: BankConfig, dsn: str, resolve: Resolve | None, fallback: str | None = None) -> Pool:
    def place(where: str) -> str | Locate:
        return where if resolve is None else located(where, resolve)

    return Pool(place(dsn), config.sessions_per_worker, None if fallback is None else place(fallback))


def _ledger(config: BankConfig, pool: Pool, reads: Pool, number: int) -> Ledger:
    defects = parse_defects(config.defect)
    if defects:
        return LyingLedger(pool, config.deadline_s, defects, number, reads)
    return Ledger(pool, config.deadline_s, reads)
