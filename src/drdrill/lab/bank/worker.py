"""One application worker: a process of its own, with its own sessions and its own address."""

from __future__ import annotations

import socket
from collections.abc import Callable

from aiohttp import web

from drdrill.lab.bank.config import BankConfig
from drdrill.lab.bank.defect import parse_defects
from drdrill.lab.bank.ledger import Ledger
from drdrill.lab.bank.liar import LyingLedger
from drdrill.lab.bank.pool import Pool
from drdrill.lab.bank.web import Counter
from drdrill.lab.serving import BACKLOG, until_terminated


async def work(config: BankConfig, number: int, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM. The database may be away at any time, from the beginning on."""
    async with Pool(config.dsn, config.sessions_per_worker) as pool:
        counter = Counter(_ledger(config, pool, number), config.region, config.release)
        runner = web.AppRunner(counter.application(), access_log=None, shutdown_timeout=config.deadline_s)
        await runner.setup()
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
        await until_terminated(ready)
        await runner.cleanup()


def _ledger(config: BankConfig, pool: Pool, number: int) -> Ledger:
    defects = parse_defects(config.defect)
    return LyingLedger(pool, config.deadline_s, defects, number) if defects else Ledger(pool, config.deadline_s)
