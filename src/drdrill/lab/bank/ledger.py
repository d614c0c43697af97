"""The books of the bank: each transfer is one transaction, and a promise is made only when its end is certain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from drdrill.lab.bank.order import TransferOrder
from drdrill.lab.bank.pool import NoSession, Pool
from drdrill.lab.bank.promise import Done, NotDone, Promise, Silence
from drdrill.lab.bank.session import Session

READ_ONLY = "read-only here"
READY_DEADLINE_S = 0.5

Booking = Callable[[Session, TransferOrder], Awaitable[Done | NotDone]]
"""What is written inside the transaction of a transfer."""

Ending = Callable[[Session], Awaitable[bool]]
"""How that transaction is ended; True: it is certain that the booking stands."""

_REFUSALS = {
    "other details": (409, "this op_id was used for a transfer with other details"),
    "no such account": (422, "no such account"),
    "insufficient funds": (422, "insufficient funds"),
}


@dataclass(frozen=True)
class Balance:
    """What an account holds, and the sequence of its newest entry."""

    account: int
    balance_paise: int
    seq: int


@dataclass(frozen=True)
class Statement:
    """The newest entries of an account, newest first."""

    account: int
    seq: int
    entries: list[dict[str, Any]]


class Unreadable(Exception):
    """A read got no answer from the database."""


async def book(session: Session, order: TransferOrder) -> Done | NotDone:
    """Write the transfer, once for all requests with this ``op_id``."""
    row = await session.row(
        "SELECT verdict, debit_seq, credit_seq FROM book(%s, %s, %s, %s)",
        (order.op_id, order.debit, order.credit, order.amount_paise),
    )
    assert row is not None, "the function book answers exactly one row"
    verdict, debit_seq, credit_seq = row
    if verdict == "done":
        return Done(debit_seq, credit_seq)
    return NotDone(*_REFUSALS[verdict])


class Ledger:
    """Transfers through one pool, reads through another one (``reads``) or the same.

    Each has ``deadline_s`` to be over, however the database behaves.
    """

    def __init__(self, pool: Pool, deadline_s: float, reads: Pool | None = None) -> None:
        self._pool = pool
        self._reads = pool if reads is None else reads
        self._deadline_s = deadline_s

    async def transfer(self, order: TransferOrder) -> Promise:
        """Do the transfer, and say what is certain about it."""
        return await self.perform(order)

    async def perform(
        self, order: TransferOrder, booking: Booking = book, ending: Ending = Session.committed
    ) -> Promise:
        """Run ``booking`` in a transaction, and ``ending`` if it went well. Without a session nothing was asked: not done."""
        try:
            async with self._pool.lend(self._deadline_s) as session:
                return await _transact(session, order, booking, ending)
        except NoSession as error:
            return NotDone(503, str(error))

    async def balance(self, account: int) -> Balance | None:
        """What the account holds; None: no such account. Raises ``Unreadable``."""
        row = await self._read("SELECT balance_paise, seq FROM accounts WHERE account = %s", account)
        return None if row is None else Balance(account, row[0], row[1])

    async def statement(self, account: int) -> Statement | None:
        """The account's 10 newest entries; None: no such account. Raises ``Unreadable``."""
        row = await self._read("SELECT seq, entries FROM statement(%s)", account)
        return None if row is None else Statement(account, row[0], row[1])

    async def unserving_because(self) -> str | None:
        """Why this region cannot answer reads, or None when it can."""
        try:
            async with self._reads.lend(READY_DEADLINE_S) as session:
                await session.row("SELECT 1")
        except (NoSession, psycopg.Error) as error:
            return str(error)
        return None

    async def unready_because(self) -> str | None:
        """Why this region cannot take payments, or None when its database is writable."""
        try:
            async with self._pool.lend(READY_DEADLINE_S) as session:
                row = await session.row("SHOW transaction_read_only")
        except (NoSession, psycopg.Error) as error:
            return str(error)
        return None if row == ("off",) else READ_ONLY

    async def _read(self, statement: LiteralString, account: int) -> tuple[Any, ...] | None:
        try:
            async with self._reads.lend(self._deadline_s) as session:
                return await session.row(statement, (account,))
        except (NoSession, psycopg.Error) as error:
            raise Unreadable(str(error)) from error


async def _transact(session: Session, order: TransferOrder, booking: Booking, ending: Ending) -> Promise:
    try:
        await session.begin()
        booked = await booking(session, order)
    except psycopg.Error as error:
        return await _after_error(session, error)
    if isinstance(booked, NotDone):
        return booked if await session.rolled_back() else Silence("the connection was lost before the rollback")
    if await ending(session):
        return booked
    return Silence(f"the end of the commit is not known: {'; '.join(session.warnings)}")


async def _after_error(session: Session, error: psycopg.Error) -> Promise:
    seen = " ".join(str(error).split())
    if session.lost or not await session.rolled_back():
        return Silence(f"the connection was lost inside the transaction: {seen}")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return NotDone(503, READ_ONLY)
    return NotDone(503, f"rolled back: {seen}")
