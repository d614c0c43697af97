"""The survivors of a real PostgreSQL: exactly the rows that are there, in batches, and never a row misread."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest
from tests.lab.bank.conftest import Server
from tests.survivors.postgres import ACCOUNTS, OPENING_PAISE, fill

from drdrill.errors import Unprovable
from drdrill.model.survivors import ACCOUNT, ENTRY
from drdrill.survivors import postgresql
from drdrill.survivors.postgresql import PostgresReader, unpacked
from drdrill.survivors.reader import SurvivorReader


def test_packed_rows_are_records_in_network_order() -> None:
    rows = np.array([(1, 1 << 40, 7, -100, 3), (2, 1 << 40, 8, 100, 1)], dtype=ENTRY)
    packed = rows.astype(ENTRY.newbyteorder(">")).tobytes()
    assert packed[:16] == (1).to_bytes(8, "big") + (1 << 40).to_bytes(8, "big")
    assert unpacked(packed, 2, ENTRY).tolist() == rows.tolist()


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_that_is_not_as_many_rows_as_the_server_counted_is_refused(count: int) -> None:
    """A field that is NULL makes its whole row vanish from the packed value: the count convicts it."""
    packed = np.zeros(2, dtype=ENTRY).tobytes()
    with pytest.raises(Unprovable, match="not as the schema says"):
        unpacked(packed, count, ENTRY)


@pytest.mark.lab
@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 1000])
def test_every_row_is_read_whatever_the_size_of_a_batch(
    books: Server, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    fill(books, rows)
    monkeypatch.setattr(postgresql, "BATCH_ROWS", 100)
    with PostgresReader.open(books.dsn(user="auditor"), "ap-south-2") as reader, reader.snapshot() as snapshot:
        batches = list(snapshot.entries())
        assert (snapshot.entries_expected, snapshot.accounts_expected) == (rows, ACCOUNTS)
        assert [len(batch) for batch in batches] == [100] * (rows // 100) + ([rows % 100] if rows % 100 else [])
        told = [row for batch in batches for row in batch.tolist()]
        assert told == books.ask("SELECT entry_id, op_id, account, amount_paise, seq FROM entries ORDER BY entry_id")
        (accounts,) = snapshot.accounts()
    assert accounts.dtype == ACCOUNT
    assert accounts.tolist() == [(number, OPENING_PAISE, OPENING_PAISE, 0, 0) for number in range(ACCOUNTS)]


@pytest.mark.lab
def test_what_is_booked_meanwhile_is_not_in_the_snapshot(books: Server) -> None:
    fill(books, 10)
    with PostgresReader.open(books.dsn(), "ap-south-2") as reader, reader.snapshot() as snapshot:
        assert snapshot.entries_expected == 10
        books.ask("INSERT INTO entries (op_id, account, amount_paise, seq) VALUES (1, 1, 1, 99)")
        assert sum(len(batch) for batch in snapshot.entries()) == 10


@pytest.mark.lab
def test_a_transaction_of_somebody_else_is_seen(books: Server) -> None:
    with PostgresReader.open(books.dsn(user="auditor"), "ap-south-2") as reader:
        typed: SurvivorReader = reader
        assert typed.open_transactions() == 0
        with psycopg.connect(books.dsn()) as other:
            other.execute("SELECT 1")
            assert typed.open_transactions() == 1


@pytest.mark.lab
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE entries ALTER COLUMN seq DROP NOT NULL; UPDATE entries SET seq = NULL WHERE entry_id = 3",
        "ALTER TABLE entries ALTER COLUMN account TYPE bigint",
        "ALTER TABLE entries DROP COLUMN seq",
        "DROP TABLE entries",
    ],
)
def test_books_that_are_not_as_the_schema_says_are_refused(books: Server, change: str) -> None:
    fill(books, 10)
    books.ask(change)
    with (
        pytest.raises(Unprovable, match="no statement on loss is possible"),
        PostgresReader.open(books.dsn(), "ap-south-2") as reader,
        reader.snapshot() as snapshot,
    ):
        list(snapshot.entries())


@pytest.mark.lab
def test_a_server_that_dies_in_the_middle_is_told(books: Server) -> None:
    fill(books, 10)
    with (
        pytest.raises(Unprovable, match="the books in ap-south-2 cannot be read"),
        PostgresReader.open(books.dsn(), "ap-south-2") as reader,
        reader.snapshot() as snapshot,
    ):
        books.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
        )
        list(snapshot.entries())


def test_a_server_that_is_not_there_is_told() -> None:
    with (
        pytest.raises(Unprovable, match="the books in ap-south-2 cannot be read"),
        PostgresReader.open("host=127.0.0.1 port=1", "ap-south-2"),
    ):
        pass
