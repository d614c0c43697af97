"""The survivors of a PostgreSQL: batches that the server packs in its own binary format, as binary COPY would send them.

COPY hands a client one message for each row, and Python then takes longer than the server. So the server is asked for
65,536 rows in one value: twice as fast from end to end, with a twentieth of the client's CPU time (docs/record.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from drdrill.errors import Unprovable
from drdrill.model.survivors import ACCOUNT, ENTRY
from drdrill.survivors.reader import Batch

BATCH_ROWS = 1 << 16
"""2.3 MiB of ledger rows."""

_OPEN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""
_PACKED = sql.SQL(
    "SELECT string_agg({packed}, ''::bytea), count(*), max({key}) FROM"
    " (SELECT {columns} FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT %s) AS batch"
)
_SEND = {4: sql.SQL("int4send"), 8: sql.SQL("int8send")}
_BEFORE_ALL = -(1 << 63)


@dataclass(frozen=True)
class PostgresReader:
    """The books of the bank in one region's PostgreSQL: ``with PostgresReader.open(dsn, region) as reader:``."""

    connection: psycopg.Connection[Any]
    region: str
    store: str = "PostgreSQL"

    @classmethod
    @contextmanager
    def open(cls, dsn: str, region: str) -> Iterator[PostgresReader]:
        """Connect. Raises ``Unprovable`` when the server does not let us in, or fails while it is read."""
        with _speaking_of(region), psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            yield cls(connection, region)

    def open_transactions(self) -> int:
        """Transactions of other clients that have begun and not ended."""
        return _one_number(self.connection, sql.SQL(_OPEN_TRANSACTIONS))

    @contextmanager
    def snapshot(self) -> Iterator[PostgresBooks]:
        """One snapshot for both tables: a row that arrives between them must not look like a torn transfer."""
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield PostgresBooks(self.connection)


@dataclass(frozen=True)
class PostgresBooks:
    """One snapshot of the bank's two tables."""

    connection: psycopg.Connection[Any]

    @cached_property
    def entries_expected(self) -> int:
        """How many ledger rows there are."""
        return _one_number(self.connection, sql.SQL("SELECT count(*) FROM entries"))

    @cached_property
    def accounts_expected(self) -> int:
        """How many accounts there are."""
        return _one_number(self.connection, sql.SQL("SELECT count(*) FROM accounts"))

    def entries(self) -> Iterator[Batch]:
        """Ledger rows in the order of their ids."""
        return self._batches("entries", ENTRY)

    def accounts(self) -> Iterator[Batch]:
        """Accounts in the order of their numbers."""
        return self._batches("accounts", ACCOUNT)

    def _batches(self, table: str, dtype: np.dtype[Any]) -> Iterator[Batch]:
        query, last = _packed(table, dtype), _BEFORE_ALL
        while True:
            row = self.connection.execute(query, (last, BATCH_ROWS), binary=True).fetchone()
            assert row is not None, "an aggregate always answers one row"
            packed, count, last = row
            if not count:
                return
            yield unpacked(packed, count, dtype)


def unpacked(packed: bytes, count: int, dtype: np.dtype[Any]) -> Batch:
    """Rows from the server's binary format (big-endian, one field after the other), as a structured array.

    Raises ``Unprovable`` when they are not ``count`` whole rows: a NULL, or a column of another width.
    """
    wire = dtype.newbyteorder(">")
    if len(packed) != count * wire.itemsize:
        raise Unprovable("no statement on loss is possible: the books contain a row that is not as the schema says")
    return np.frombuffer(packed, dtype=wire).astype(dtype)


def _packed(table: str, dtype: np.dtype[Any]) -> sql.Composed:
    names = dtype.names or ()
    sent = [sql.SQL("{}({})").format(_SEND[dtype[name].itemsize], sql.Identifier(name)) for name in names]
    return _PACKED.format(
        packed=sql.SQL(" || ").join(sent),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in names),
        table=sql.Identifier(table),
        key=sql.Identifier(names[0]),
    )


def _one_number(connection: psycopg.Connection[Any], query: sql.SQL) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None, "count(*) always answers one row"
    return int(row[0])


@contextmanager
def _speaking_of(region: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise Unprovable(f"no statement on loss is possible: the books in {region} cannot be read ({error})") from error
