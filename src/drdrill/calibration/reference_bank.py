"""A bank small enough to be switched exactly: real sockets, real promises, its books in memory.

``python -m drdrill.calibration.reference_bank CONFIG``. Orders come as lines on standard input, answers go to standard output. It
stamps each change of its manners itself, before and after, in the process that serves: that is what is known of the truth.
It also notes when it was not run although it wanted to be: a machine that stands still is an outage that nobody injected.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
import time
from pathlib import Path

import numpy as np
from aiohttp import web

from drdrill.calibration.manner import BankConfig, Manner, Order, Stall, Switched
from drdrill.lab.mortality import die_with_parent
from drdrill.model.survivors import ACCOUNT, ENTRY

TICK_S = 0.005
STALL_S = 0.015
"""A tick that comes this much late was held up by the machine (or by SIGSTOP)."""

_SERVED_BY = {"X-Served-By-Region": "ap-south-1"}


class Books:
    """Accounts and ledger rows; a transfer with an id that is known already is not done twice."""

    def __init__(self, accounts: int, opening_paise: int) -> None:
        self._opening = opening_paise
        self._balances = [opening_paise] * accounts
        self._sequences = [0] * accounts
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._done: set[int] = set()

    def transfer(self, op_id: int, debit: int, credit: int, paise: int) -> None:
        """Move the money, once."""
        if op_id in self._done:
            return
        self._done.add(op_id)
        for account, amount in ((debit, -paise), (credit, paise)):
            self._balances[account] += amount
            self._sequences[account] += 1
            self._rows.append((len(self._rows) + 1, op_id, account, amount, self._sequences[account]))

    def save(self, folder: Path) -> None:
        """Write ``entries.npy`` and ``accounts.npy``."""
        rows = zip(self._balances, self._sequences, strict=True)
        accounts = [(number, self._opening, balance, 0, seq) for number, (balance, seq) in enumerate(rows)]
        np.save(folder / "entries.npy", np.array(self._rows, dtype=ENTRY))
        np.save(folder / "accounts.npy", np.array(accounts, dtype=ACCOUNT))


class ReferenceBank:
    """Serves one manner at a time."""

    def __init__(self, config: BankConfig) -> None:
        self._config = config
        self._books = Books(config.accounts, config.opening_paise)
        self._manner = Manner.WELL
        self._draw = random.Random(config.seed)
        self._held: list[tuple[web.BaseRequest, asyncio.Future[None]]] = []
        self._runner = web.ServerRunner(web.Server(self._serve), access_log=None, shutdown_timeout=0.1)
        self._site: web.SockSite | None = None
        self.stalls: list[Stall] = []

    async def open(self) -> None:
        """Begin to serve."""
        await self._runner.setup()
        await self._listen()

    async def close(self) -> None:
        """Serve no longer."""
        self._let_go()
        await self._runner.cleanup()

    async def obey(self, order: Order) -> str:
        """Carry out one order; returns the line of the answer."""
        if order.books is not None:
            folder = Path(order.books)
            self._books.save(folder)
            return json.dumps([stall.model_dump() for stall in self.stalls])
        assert order.manner is not None
        return (await self._switch(order.manner)).model_dump_json()

    async def tick(self) -> None:
        """Note for ever when this process was held up."""
        last_ns = time.monotonic_ns()
        while True:
            await asyncio.sleep(TICK_S)
            now_ns = time.monotonic_ns()
            if now_ns - last_ns > (TICK_S + STALL_S) * 1e9:
                self.stalls.append(Stall(began_ns=last_ns, ended_ns=now_ns))
            last_ns = now_ns

    async def _switch(self, manner: Manner) -> Switched:
        before_ns = time.monotonic_ns()
        was, self._manner = self._manner, manner
        if manner is Manner.REFUSED:
            await self._refuse()
        elif was is Manner.REFUSED:
            await self._listen()
        self._let_go()
        return Switched(before_ns=before_ns, after_ns=time.monotonic_ns())

    async def _listen(self) -> None:
        listener = socket.create_server((self._config.host, self._config.port), backlog=self._config.backlog)
        self._site = web.SockSite(self._runner, listener, backlog=self._config.backlog)
        await self._site.start()

    async def _refuse(self) -> None:
        assert self._site is not None
        await self._site.stop()

    def _let_go(self) -> None:
        """Reset what waited in silence: a connection that lived through a blackhole has lost bytes in its middle."""
        held, self._held = self._held, []
        for request, forever in held:
            if request.transport is not None:
                request.transport.abort()
            forever.cancel()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        order = await request.json()
        if self._manner is Manner.SILENT:
            forever = asyncio.get_running_loop().create_future()
            self._held.append((request, forever))
            await forever
        if self._fails():
            return web.Response(status=503, text="no healthy target", headers=_SERVED_BY)
        if self._manner is Manner.SLOW:
            await asyncio.sleep(self._config.added_s)
        self._books.transfer(order["op_id"], order["debit"], order["credit"], order["amount_paise"])
        return web.json_response({"promise": "done", "debit_seq": 0, "credit_seq": 0}, headers=_SERVED_BY)

    def _fails(self) -> bool:
        if self._manner is Manner.ERRING:
            return self._draw.random() < self._config.error_share
        return self._manner is Manner.UNAVAILABLE


async def _orders() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _serve(config: BankConfig) -> None:
    bank = ReferenceBank(config)
    await bank.open()
    orders = await _orders()
    ticking = asyncio.create_task(bank.tick())
    _say("ready")
    while line := await orders.readline():
        _say(await bank.obey(Order.model_validate_json(line)))
    ticking.cancel()
    await bank.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Serve until standard input ends; returns the exit status."""
    config = BankConfig.model_validate_json(sys.argv[1])
    die_with_parent(config.parent)
    asyncio.run(_serve(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
