"""Reading the survivors from PostgreSQL: streamed as binary COPY, read twice, with the circumstances that make it valid."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from drdrill.errors import Unprovable
from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances, Survivors
from drdrill.waiting import wait_until

_ENTRIES = "SELECT entry_id, op_id, account, amount_paise, seq FROM entries ORDER BY entry_id"
_ACCOUNTS = "SELECT account, opening_paise, balance_paise, floor_paise, seq FROM accounts ORDER BY account"
_OPEN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""
_COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"


@dataclass(frozen=True)
class Quiet:
    """When the writers stopped, and when the last client deadline passed (``time.monotonic_ns()``)."""

    writers_stopped_ns: int
    last_deadline_ns: int


def read_survivors(dsn: str, *, region: str, authoritative: bool, quiet: Quiet, limit_s: float = 10.0) -> Survivors:
    """Every ledger row and account of the bank in ``region``, read twice in a row after all writers had stopped.

    Waits, at most ``limit_s``, until the last client deadline has passed and no transaction is open; whatever is still
    open then is recorded, and makes the read invalid. Raises ``Unprovable`` when the store cannot be read.
    """
    wait_until(
        "the last client deadline has passed", lambda: time.monotonic_ns() > quiet.last_deadline_ns, limit_s=limit_s
    )
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            return _read_twice(connection, region, authoritative, quiet, limit_s)
    except psycopg.Error as error:
        raise Unprovable(f"no statement on loss is possible: the books in {region} cannot be read ({error})") from error


def _read_twice(
    connection: psycopg.Connection[Any], region: str, authoritative: bool, quiet: Quiet, limit_s: float
) -> Survivors:
    open_transactions = _wait_for_no_transactions(connection, limit_s)
    began_ns = time.monotonic_ns()
    entries, accounts, first = _read(connection)
    _, _, second = _read(connection)
    circumstances = ReadCircumstances(
        store="PostgreSQL",
        region=region,
        authoritative=authoritative,
        began_ns=began_ns,
        ended_ns=time.monotonic_ns(),
        writers_stopped_ns=quiet.writers_stopped_ns,
        last_deadline_ns=quiet.last_deadline_ns,
        open_transactions=max(open_transactions, _open_transactions(connection)),
        digest_first=first,
        digest_second=second,
    )
    return Survivors(circumstances=circumstances, entries=entries, accounts=accounts)


def _open_transactions(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(_OPEN_TRANSACTIONS).fetchone()
    assert row is not None, "count(*) always answers one row"
    return int(row[0])


def _wait_for_no_transactions(connection: psycopg.Connection[Any], limit_s: float) -> int:
    seen = [_open_transactions(connection)]

    def none_open() -> bool:
        seen.append(_open_transactions(connection))
        return seen[-1] == 0

    try:
        wait_until("no transaction is open", none_open, limit_s=limit_s, seen=lambda: f"{seen[-1]} open")
    except Unprovable:
        return seen[-1]  # recorded in the circumstances, which then say that the read is not valid
    return 0


def _read(connection: psycopg.Connection[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], str]:
    # One snapshot for both tables: a row that arrives between them must not look like a torn transfer.
    digest = hashlib.sha256()
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        entries = _copy(connection, _ENTRIES, ENTRY, digest)
        accounts = _copy(connection, _ACCOUNTS, ACCOUNT, digest)
    return entries, accounts, digest.hexdigest()


def _copy(connection: psycopg.Connection[Any], query: str, dtype: np.dtype[Any], digest: Any) -> npt.NDArray[Any]:
    """Rows of a query as a structured array: every field is NOT NULL and of fixed width, so rows are records."""
    wire = _wire_format(dtype)
    parts: list[npt.NDArray[Any]] = []
    rest = b""
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        for block in _without_header(bytes(chunk) for chunk in copy):
            digest.update(block)
            rest += block
            whole = len(rest) // wire.itemsize
            if whole:
                parts.append(_rows(rest[: whole * wire.itemsize], wire, dtype))
                rest = rest[whole * wire.itemsize :]
    if rest != b"\xff\xff":
        raise Unprovable("no statement on loss is possible: the books contain a row that is not as the schema says")
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _wire_format(dtype: np.dtype[Any]) -> np.dtype[Any]:
    # Binary COPY, PostgreSQL documentation, "COPY: Binary Format": int16 count of fields, then int32 length and value of each.
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name in dtype.names or ():
        fields += [(f"length_{name}", ">i4"), (name, f">i{dtype[name].itemsize}")]
    return np.dtype(fields)


def _without_header(blocks: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for block in blocks:
        held += block
        if len(held) >= 19:
            break
    if held[:11] != _COPY_SIGNATURE:
        raise Unprovable("no statement on loss is possible: the server did not answer a binary COPY")
    yield held[19:]
    yield from blocks


def _rows(block: bytes, wire: np.dtype[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    read = np.frombuffer(block, dtype=wire)
    rows = np.empty(len(read), dtype=dtype)
    names = dtype.names or ()
    as_told = read["count"] == len(names)
    for name in names:
        as_told &= read[f"length_{name}"] == dtype[name].itemsize
        rows[name] = read[name]
    if not as_told.all():
        raise Unprovable("no statement on loss is possible: the books contain a row that is not as the schema says")
    return rows
