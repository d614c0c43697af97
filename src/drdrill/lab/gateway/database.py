"""A region's PostgreSQL as the control plane sees it: watched, and promoted when Aurora would."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from drdrill.errors import EstateError
from drdrill.waiting import wait_until

_LOOK = """
SELECT pg_is_in_recovery(),
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END) - '0/0'::pg_lsn,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END) - '0/0'::pg_lsn,
       EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'),
       current_setting('transaction_read_only') = 'on',
       current_setting('server_version')
"""
_CONNECT_S = 2


@dataclass(frozen=True)
class Observation:
    """One look at a database. Positions are bytes of the write-ahead log since its beginning."""

    at_ns: int
    in_recovery: bool
    replayed: int
    received: int
    streaming: bool
    read_only: bool
    version: str

    @property
    def accepts_writes(self) -> bool:
        """Whether a transaction that begins now may write."""
        return not self.in_recovery and not self.read_only


class Database:
    """One database, asked over one kept connection; every question has a deadline, also when the server is frozen.

    Thread-safe: questions queue.
    """

    def __init__(self, region: str, dsn: str) -> None:
        self.region = region
        self.dsn = dsn
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port in its connection string."""
        parts = conninfo_to_dict(self.dsn)
        return str(parts.get("host", "localhost")), int(parts.get("port") or 5432)

    def observe(self, limit_s: float = 1.0) -> Observation | None:
        """What it is now; None when it does not answer within ``limit_s``."""
        with suppress(psycopg.Error, OSError), self._asking(limit_s) as connection:
            row = connection.execute(_LOOK).fetchone()
            assert row is not None
            in_recovery, replayed, received, streaming, read_only, version = row
            return Observation(
                at_ns=time.monotonic_ns(),
                in_recovery=in_recovery,
                replayed=int(replayed or 0),
                received=int(received or replayed or 0),
                streaming=streaming,
                read_only=read_only,
                version=version,
            )
        return None

    def mark(self, limit_s: float = 1.0) -> int:
        """Write a mark into the log, durably; where it ends. Raises ``EstateError`` when the server does not do it."""
        try:
            with self._asking(limit_s) as connection:
                connection.execute("SELECT pg_logical_emit_message(true, 'drdrill', 'mark')")
                row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        except (psycopg.Error, OSError) as error:
            raise EstateError(f"{self.region} did not write: {' '.join(str(error).split())}") from error
        assert row is not None
        return int(row[0])

    def promote(self, limit_s: float) -> None:
        """End recovery, and wait until it accepts writes. Raises ``EstateError`` when it does not."""
        try:
            with self._asking(limit_s) as connection:
                connection.execute("SELECT pg_promote(false)")
        except (psycopg.Error, OSError) as error:
            raise EstateError(f"{self.region} was not promoted: {' '.join(str(error).split())}") from error
        wait_until(
            f"the database of {self.region} accepts writes",
            lambda: (seen := self.observe()) is not None and seen.accepts_writes,
            limit_s=limit_s,
            every_s=0.005,
            error=EstateError,
        )

    def fence(self, limit_s: float = 1.0) -> bool:
        """Let it begin no more writing transactions, as well as that can be done from outside; False when nobody answers."""
        with suppress(psycopg.Error, OSError), self._asking(limit_s) as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return True
        return False

    def close(self) -> None:
        """End the kept connection."""
        with self._lock:
            self._forget()

    @contextmanager
    def _asking(self, limit_s: float) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        if not self._lock.acquire(timeout=limit_s):
            raise OSError(f"the database of {self.region} is still busy with another question")
        try:
            connection = self._connected()
            with _deadline(limit_s, lambda: _shut_down(connection)):
                yield connection
        except (psycopg.Error, OSError):
            self._forget()
            raise
        finally:
            self._lock.release()

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is not None and _was_ended(self._connection):
            self._forget()
        if self._connection is None:
            dsn = psycopg.conninfo.make_conninfo(self.dsn, connect_timeout=_CONNECT_S, client_encoding="utf8")
            self._connection = psycopg.connect(dsn, autocommit=True)
        return self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                self._connection.close()
            self._connection = None


@contextmanager
def _deadline(limit_s: float, act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` from another thread unless the block ends in time: a silent server cannot be asked to hurry."""
    timer = threading.Timer(limit_s, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _was_ended(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether a connection that nobody uses has something to read: the server's farewell, or the end of the stream."""
    if connection.closed:
        return True
    poll = select.poll()  # not select(): it cannot look at the many descriptors of a gateway in an outage
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _shut_down(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
