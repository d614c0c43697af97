"""What the bank may say about a transfer: done, not done, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """It is committed. The sequences are the ledger positions of its two entries."""

    debit_seq: int
    credit_seq: int


@dataclass(frozen=True)
class NotDone:
    """This request changed nothing and never will: refused before the database heard of it, or rolled back."""

    status: int
    reason: str


@dataclass(frozen=True)
class Silence:
    """Nobody here knows. The client hears a 500 without a promise."""

    reason: str


Promise = Done | NotDone | Silence
