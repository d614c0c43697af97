"""How the reference bank behaves, and the words in which it is told."""

from __future__ import annotations

from enum import StrEnum

from drdrill.model.frozen import Frozen


class Manner(StrEnum):
    """``well``: every payment is done at once. The others are outages; each begins and ends within one turn of the bank."""

    WELL = "well"
    REFUSED = "refused"
    SILENT = "silent"
    UNAVAILABLE = "unavailable"
    ERRING = "erring"
    SLOW = "slow"


class BankConfig(Frozen):
    """A reference bank: where it listens, how many connections may wait, which share errs and how long the slow ones take."""

    host: str
    port: int
    parent: int
    backlog: int = 128
    accounts: int = 100
    opening_paise: int = 10_000_000_000
    error_share: float = 0.3
    added_s: float = 1.5
    seed: int = 1


class Order(Frozen):
    """One line to the bank: a manner to take on, or a folder to write the books to."""

    manner: Manner | None = None
    books: str | None = None


class Switched(Frozen):
    """The bank's answer: the clock (``time.monotonic_ns``) just before and just after it changed its manner."""

    before_ns: int
    after_ns: int


class Stall(Frozen):
    """The bank itself did not run between these two moments, although it wanted to."""

    began_ns: int
    ended_ns: int
