"""A ledger with planted bugs. What each does is told in ``drdrill.lab.bank.defect``."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from drdrill.lab.bank.defect import Defect
from drdrill.lab.bank.ledger import Balance, Ledger, Statement, Unreadable, book
from drdrill.lab.bank.order import TransferOrder
from drdrill.lab.bank.pool import Pool
from drdrill.lab.bank.promise import Done, NotDone, Promise, Silence
from drdrill.lab.bank.session import Session

STRANGERS = 4095
"""The recorder number inside the ids of transfers that nobody asked for; no recorder has it."""

FLAPPING_WINDOW_S = 2.0
FLAPPING = "flapping: no answers in this window"


def schedule(defect: Defect, seed: int, late: int = 0) -> Iterator[bool]:
    """For each request of one worker, whether the defect strikes.

    ``late`` moves the strikes of a regular defect by so many requests, so that two of them do not always meet.
    """
    if defect.share is not None:
        draw = random.Random(seed)
        while True:
            yield draw.random() < defect.share
    for turn in count(1 - late):
        yield turn > 0 and turn % (defect.every or 1) == 0


def flaps(now_s: float) -> bool:
    """Whether a flapping bank answers with 500 at this moment of the monotonic clock."""
    return int(now_s / FLAPPING_WINDOW_S) % 2 == 1


class LyingLedger(Ledger):
    """Honest, except when a planted bug strikes. Of several that strike at once the first in the list wins."""

    def __init__(
        self, pool: Pool, deadline_s: float, defects: Sequence[Defect], worker: int, reads: Pool | None = None
    ) -> None:
        super().__init__(pool, deadline_s, reads)
        names = {defect.name for defect in defects}
        self._flapping = "flapping" in names
        self._strikes = {
            defect.name: schedule(defect, worker, late)
            for late, defect in enumerate(defects)
            if defect.name != "flapping"
        }
        self._lies: dict[str, Callable[[TransferOrder], Awaitable[Promise]]] = {
            "ack-before-commit": self._ack_before_commit,
            "ghost": self._ghost,
            "doubled": self._doubled,
            "altered": self._altered,
            "stranger": self._stranger,
            "unbalanced": self._unbalanced,
        }
        self._strangers = (_operation_id(STRANGERS, (worker << 24) + n) for n in count())
        self._balances: dict[int, Balance] = {}
        self._statements: dict[int, Statement] = {}

    async def transfer(self, order: TransferOrder) -> Promise:
        """Do the transfer, or what the planted bug makes of it."""
        if self._flapping and flaps(time.monotonic()):
            return Silence(FLAPPING)
        struck = [name for name in self._strikes if name in self._lies and next(self._strikes[name])]
        return await (self._lies[struck[0]](order) if struck else self.perform(order))

    async def balance(self, account: int) -> Balance | None:
        """The balance, sometimes as it was when first remembered."""
        return await self._remembered(account, self._balances, super().balance)

    async def statement(self, account: int) -> Statement | None:
        """The statement, sometimes as it was when first remembered."""
        return await self._remembered(account, self._statements, super().statement)

    async def _remembered[T](
        self, account: int, memory: dict[int, T], read: Callable[[int], Awaitable[T | None]]
    ) -> T | None:
        if self._flapping and flaps(time.monotonic()):
            raise Unreadable(FLAPPING)
        strikes = "stale" in self._strikes and next(self._strikes["stale"])
        if strikes and account in memory:
            return memory[account]
        fresh = await read(account)
        if fresh is not None:
            memory.setdefault(account, fresh)
        return fresh

    async def _ack_before_commit(self, order: TransferOrder) -> Promise:
        return await self.perform(order, ending=Session.rolled_back)

    async def _ghost(self, order: TransferOrder) -> Promise:
        truth = await self.perform(order)
        return NotDone(503, "could not be booked") if isinstance(truth, Done) else truth

    async def _doubled(self, order: TransferOrder) -> Promise:
        return await self.perform(order, booking=_book_twice)

    async def _altered(self, order: TransferOrder) -> Promise:
        return await self.perform(replace(order, amount_paise=order.amount_paise + 1))

    async def _stranger(self, order: TransferOrder) -> Promise:
        stranger = replace(order, op_id=next(self._strangers))

        async def book_both(session: Session, asked: TransferOrder) -> Done | NotDone:
            booked = await book(session, asked)
            if isinstance(booked, Done):
                await book(session, stranger)
            return booked

        return await self.perform(order, booking=book_both)

    async def _unbalanced(self, order: TransferOrder) -> Promise:
        return await self.perform(order, booking=_book_credit_alone)


def _operation_id(recorder: int, sequence: int) -> int:
    from drdrill.model.operation import op_id  # brings numpy along, which an honest worker does not need

    return op_id(recorder, sequence)


async def _book_twice(session: Session, order: TransferOrder) -> Done | NotDone:
    booked = await book(session, order)
    if isinstance(booked, Done):
        await session.row(
            "SELECT verdict FROM move(%s, %s, %s, %s)", (order.op_id, order.debit, order.credit, order.amount_paise)
        )
    return booked


async def _book_credit_alone(session: Session, order: TransferOrder) -> Done | NotDone:
    await session.row(
        "INSERT INTO transfers (op_id, debit, credit, amount_paise) VALUES (%s, %s, %s, %s)",
        (order.op_id, order.debit, order.credit, order.amount_paise),
    )
    row = await session.row("SELECT post(%s, %s, %s)", (order.op_id, order.credit, order.amount_paise))
    assert row is not None, "the function post answers exactly one row"
    return Done(0, row[0])
