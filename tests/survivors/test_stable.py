"""The stable read: twice, complete, in order, after the writers; and what it keeps is what it digested."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest
from tests.lab.bank.conftest import Server
from tests.survivors.postgres import fill

from drdrill.errors import Unprovable
from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances
from drdrill.record.survivors import SurvivorsFile, read_survivors
from drdrill.survivors import stable
from drdrill.survivors.postgresql import PostgresReader
from drdrill.survivors.reader import Batch, Quiet
from drdrill.survivors.stable import read_stably

ENTRIES = np.array([(n, (1 << 40) + n // 2, n % 5, 100 - 200 * (n % 2), n + 1) for n in range(10)], dtype=ENTRY)
ACCOUNTS = np.array([(n, 1000, 1000, 0, 2) for n in range(5)], dtype=ACCOUNT)


@dataclass
class Books:
    """Rows in memory, in batches of four."""

    rows: Batch
    entries_expected: int
    accounts_expected: int = len(ACCOUNTS)

    def entries(self) -> Iterator[Batch]:
        return iter([self.rows[first : first + 4] for first in range(0, len(self.rows), 4)])

    def accounts(self) -> Iterator[Batch]:
        return iter([ACCOUNTS])


@dataclass
class Reader:
    """A store whose snapshots are given one after the other."""

    snapshots: list[Books]
    open_now: list[int] = field(default_factory=lambda: [0])
    store: str = "memory"
    region: str = "ap-south-2"

    def open_transactions(self) -> int:
        return self.open_now.pop(0) if len(self.open_now) > 1 else self.open_now[0]

    @contextmanager
    def snapshot(self) -> Iterator[Books]:
        yield self.snapshots.pop(0)


@dataclass
class Kept:
    """Batches, as they came."""

    batches: list[Batch] = field(default_factory=list)

    def add_entries(self, rows: Batch, /) -> None:
        self.batches.append(rows)

    add_accounts = add_entries


def holding(rows: Batch = ENTRIES, expected: int | None = None) -> Books:
    return Books(rows, len(rows) if expected is None else expected)


def read(
    reader: Reader, kept: Kept | None = None, limit_s: float = 0.2, said: list[str] | None = None
) -> ReadCircumstances:
    quiet = Quiet(time.monotonic_ns(), time.monotonic_ns())
    tell = ([] if said is None else said).append
    return read_stably(reader, kept or Kept(), authoritative=True, quiet=quiet, limit_s=limit_s, tell=tell)


def test_two_reads_that_agree_are_valid_and_the_first_is_kept_once() -> None:
    kept = Kept()
    found = read(Reader([holding(), holding()]), kept)
    assert found.invalid_because() is None
    assert [len(batch) for batch in kept.batches] == [4, 4, 2, 5]
    assert found.digest_first == hashlib.sha256(ENTRIES.tobytes() + ACCOUNTS.tobytes()).hexdigest()


def test_two_reads_that_differ_in_one_paisa_are_not_valid() -> None:
    other = ENTRIES.copy()
    other["amount_paise"][7] += 1
    found = read(Reader([holding(), holding(other)]))
    assert "did not agree" in str(found.invalid_because())


def test_a_transaction_that_stays_open_makes_the_read_invalid() -> None:
    found = read(Reader([holding(), holding()], open_now=[2]))
    assert "2 transactions were still open" in str(found.invalid_because())


def test_a_transaction_that_begins_during_the_read_makes_it_invalid() -> None:
    found = read(Reader([holding(), holding()], open_now=[0, 0, 1]))
    assert "1 transactions were still open" in str(found.invalid_because())


def test_a_transaction_that_ends_in_time_does_no_harm() -> None:
    assert read(Reader([holding(), holding()], open_now=[2, 1, 0]), limit_s=5).invalid_because() is None


@pytest.mark.parametrize("expected", [9, 11])
def test_a_stream_that_is_not_as_long_as_the_store_says_is_refused(expected: int) -> None:
    with pytest.raises(Unprovable, match=f"the store counts {expected} ledger rows, and 10 of them could be read"):
        read(Reader([holding(expected=expected)]))


@pytest.mark.parametrize("swapped", [(1, 2), (3, 4)])
def test_rows_out_of_order_are_refused_within_a_batch_and_between_two(swapped: tuple[int, int]) -> None:
    rows = ENTRIES.copy()
    rows[list(swapped)] = rows[list(reversed(swapped))]
    with pytest.raises(Unprovable, match="not read in the order of entry_id"):
        read(Reader([holding(rows)]))


def test_a_long_read_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stable, "PROGRESS_EVERY_NS", 0)
    said: list[str] = []
    read(Reader([holding(), holding()]), said=said)
    assert said[:3] == [f"reading the survivors: {rows} of 10 ledger rows" for rows in (4, 8, 10)]
    assert said[-1] == "reading the survivors again, to compare: 5 of 5 accounts"


def test_nothing_is_read_before_the_last_client_deadline() -> None:
    late_ns = time.monotonic_ns() + 150_000_000
    found = read_stably(
        Reader([holding(), holding()]), Kept(), authoritative=True, quiet=Quiet(1, late_ns), limit_s=5, tell=[].append
    )
    assert found.began_ns > late_ns


def circumstances(**changes: object) -> ReadCircumstances:
    usual: dict[str, object] = {
        "store": "PostgreSQL",
        "region": "ap-south-2",
        "authoritative": True,
        "began_ns": 3_000_000_000,
        "ended_ns": 4_000_000_000,
        "writers_stopped_ns": 1_000_000_000,
        "last_deadline_ns": 2_000_000_000,
        "open_transactions": 0,
        "digest_first": "a",
        "digest_second": "a",
    }
    return ReadCircumstances.model_validate(usual | changes)


def test_a_read_in_order_is_valid() -> None:
    assert circumstances().invalid_because() is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"authoritative": False}, "not shown to be authoritative"),
        ({"writers_stopped_ns": 5_000_000_000}, "2.000 s before the writers had stopped"),
        ({"last_deadline_ns": 3_500_000_000}, "0.500 s before the last client deadline"),
        ({"open_transactions": 2}, "2 transactions were still open"),
        ({"digest_second": "b"}, "did not agree"),
    ],
)
def test_each_way_to_be_invalid_has_its_sentence(change: dict[str, object], sentence: str) -> None:
    assert sentence in str(circumstances(**change).invalid_because())


@pytest.mark.lab
def test_what_is_kept_of_a_real_store_is_what_is_in_it(books: Server, tmp_path: Path) -> None:
    fill(books, 200_000)
    quiet = Quiet(time.monotonic_ns(), time.monotonic_ns())
    with (
        PostgresReader.open(books.dsn(user="auditor"), "ap-south-2") as reader,
        SurvivorsFile(tmp_path, 1, "d") as file,
    ):
        file.finish(read_stably(reader, file, authoritative=True, quiet=quiet, tell=[].append))
    (kept,) = read_survivors(tmp_path, drill_id="d")
    assert kept.circumstances.invalid_because() is None
    digest = hashlib.sha256(kept.entries.tobytes() + kept.accounts.tobytes()).hexdigest()
    assert digest == kept.circumstances.digest_first
    (told,) = books.ask("SELECT count(*), sum(entry_id), sum(op_id), sum(account * seq) FROM entries")
    entries = kept.entries
    assert (len(entries), entries["entry_id"].sum(), entries["op_id"].astype(object).sum()) == told[:3]
    assert (entries["account"] * entries["seq"]).sum() == told[3]


@pytest.mark.lab
def test_a_writer_that_was_forgotten_is_convicted(books: Server, tmp_path: Path) -> None:
    """Somebody books between the two reads, in a transaction too short to be seen: only the digests tell."""
    fill(books, 100)
    quiet = Quiet(time.monotonic_ns(), time.monotonic_ns())

    def book() -> None:
        with psycopg.connect(books.dsn(), autocommit=True) as connection:
            connection.execute("INSERT INTO entries (op_id, account, amount_paise, seq) VALUES (7, 1, 1, 99)")

    class Booking(SurvivorsFile):
        def add_accounts(self, rows: Batch) -> None:
            writer = threading.Thread(target=book)
            writer.start()
            writer.join()
            super().add_accounts(rows)

    with PostgresReader.open(books.dsn(), "ap-south-2") as reader, Booking(tmp_path, 1) as file:
        found = read_stably(reader, file, authoritative=True, quiet=quiet, tell=[].append)
    assert "did not agree" in str(found.invalid_because())
