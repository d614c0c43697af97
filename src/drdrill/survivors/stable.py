"""The stable read: after the writers, twice in a row, kept with the circumstances that make it valid (docs/measuring.md, section 1).

The first read goes into the record as it streams; the second is only digested. Neither is held in memory.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from drdrill.errors import Unprovable
from drdrill.model.survivors import ReadCircumstances
from drdrill.survivors.reader import Batch, Quiet, SurvivorReader
from drdrill.waiting import wait_until

PROGRESS_EVERY_NS = 2_000_000_000

Tell = Callable[[str], None]
Keep = Callable[[Batch], None]


class Kept(Protocol):
    """Where the rows of the first read go (``drdrill.record.survivors.SurvivorsFile`` is one)."""

    def add_entries(self, rows: Batch, /) -> None:
        """Keep some ledger rows."""

    def add_accounts(self, rows: Batch, /) -> None:
        """Keep some accounts."""


def read_stably(
    reader: SurvivorReader, kept: Kept, *, authoritative: bool, quiet: Quiet, limit_s: float = 10.0, tell: Tell
) -> ReadCircumstances:
    """Read every ledger row and account twice in a row; the first read is kept, and ``tell`` is told of the progress.

    Waits, at most ``limit_s``, until the last client deadline has passed and no transaction is open; whatever is still
    open then is recorded, and makes the read invalid. Raises ``Unprovable`` when the store cannot be read.
    """
    wait_until(
        "the last client deadline has passed", lambda: time.monotonic_ns() > quiet.last_deadline_ns, limit_s=limit_s
    )
    open_transactions = _wait_for_no_transactions(reader, limit_s)
    began_ns = time.monotonic_ns()
    first = _read(reader, kept.add_entries, kept.add_accounts, _Progress("reading the survivors", tell))
    second = _read(reader, _forget, _forget, _Progress("reading the survivors again, to compare", tell))
    return ReadCircumstances(
        store=reader.store,
        region=reader.region,
        authoritative=authoritative,
        began_ns=began_ns,
        ended_ns=time.monotonic_ns(),
        writers_stopped_ns=quiet.writers_stopped_ns,
        last_deadline_ns=quiet.last_deadline_ns,
        open_transactions=max(open_transactions, reader.open_transactions()),
        digest_first=first,
        digest_second=second,
    )


def _wait_for_no_transactions(reader: SurvivorReader, limit_s: float) -> int:
    seen = [reader.open_transactions()]

    def none_open() -> bool:
        seen.append(reader.open_transactions())
        return seen[-1] == 0

    with suppress(Unprovable):  # recorded in the circumstances, which then say that the read is not valid
        wait_until("no transaction is open", none_open, limit_s=limit_s, seen=lambda: f"{seen[-1]} open")
    return seen[-1]


def _read(reader: SurvivorReader, keep_entries: Keep, keep_accounts: Keep, progress: _Progress) -> str:
    """Stream one snapshot; returns the SHA-256 of its rows as ``ENTRY`` and then ``ACCOUNT`` records."""
    digest = hashlib.sha256()
    with reader.snapshot() as books:
        for what, key, expected, batches, keep in (
            ("ledger rows", "entry_id", books.entries_expected, books.entries(), keep_entries),
            ("accounts", "account", books.accounts_expected, books.accounts(), keep_accounts),
        ):
            for batch in _complete(what, key, expected, batches, progress):
                digest.update(batch.data)
                keep(batch)
    return digest.hexdigest()


def _complete(what: str, key: str, expected: int, batches: Iterator[Batch], progress: _Progress) -> Iterator[Batch]:
    """The same batches; a stream that is out of order, or not as long as the store itself says, proves nothing."""
    rows, last = 0, None
    for batch in batches:
        keys = batch[key]
        if (keys[1:] <= keys[:-1]).any() or (last is not None and keys[0] <= last):
            raise Unprovable(f"no statement on loss is possible: the {what} were not read in the order of {key}")
        rows, last = rows + len(batch), keys[-1]
        progress.look(rows, expected, what)
        yield batch
    if rows != expected:
        raise Unprovable(
            f"no statement on loss is possible: the store counts {expected:,} {what}, and {rows:,} of them could be read"
        )


class _Progress:
    """Tells how far a read is, every two seconds: a ledger that takes no longer needs no word."""

    def __init__(self, doing: str, tell: Tell) -> None:
        self._doing = doing
        self._tell = tell
        self._next_ns = time.monotonic_ns() + PROGRESS_EVERY_NS

    def look(self, rows: int, expected: int, what: str) -> None:
        """Say so if it is time."""
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + PROGRESS_EVERY_NS
            self._tell(f"{self._doing}: {rows:,} of {expected:,} {what}")


def _forget(_rows: Batch) -> None:
    """The second read is only compared."""
