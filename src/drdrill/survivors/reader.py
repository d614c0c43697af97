"""What a store must offer so that its survivors can be read back: one snapshot of the books, as a stream of batches.

A new store is one class that implements ``SurvivorReader``; what makes a read valid, and how it is kept, is the same for all
(``drdrill.survivors.stable``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

Batch = npt.NDArray[Any]
"""Some rows, as a structured array of ``ENTRY`` or of ``ACCOUNT`` (``drdrill.model.survivors``)."""


@dataclass(frozen=True)
class Quiet:
    """When the writers stopped, and when the last client deadline passed (``time.monotonic_ns()``)."""

    writers_stopped_ns: int
    last_deadline_ns: int


class Books(Protocol):
    """One snapshot: rows and accounts are of the same moment, so no transfer looks torn."""

    @property
    def entries_expected(self) -> int:
        """How many ledger rows the store says that there are in this snapshot."""

    @property
    def accounts_expected(self) -> int:
        """How many accounts the store says that there are in this snapshot."""

    def entries(self) -> Iterator[Batch]:
        """Every ledger row, ascending by ``entry_id``; memory holds one batch."""

    def accounts(self) -> Iterator[Batch]:
        """Every account, ascending by ``account``; memory holds one batch."""


class SurvivorReader(Protocol):
    """A connection to one store. Every method raises ``Unprovable`` when the store does not answer as it must."""

    @property
    def store(self) -> str:
        """What the store is, for people: ``PostgreSQL``."""

    @property
    def region(self) -> str:
        """Where it stands."""

    def open_transactions(self) -> int:
        """How many transactions of others are open on the server now."""

    def snapshot(self) -> AbstractContextManager[Books]:
        """Hold one consistent snapshot of the books while the block runs."""
