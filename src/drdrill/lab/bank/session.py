"""One connection to the database that can be cut off by the clock, whatever the other side does."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any, LiteralString, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

CONNECT_TIMEOUT_S = 2
SETTINGS = "-c lock_timeout=800ms -c idle_in_transaction_session_timeout=2s"
"""A worker that is frozen inside a transaction must not keep the accounts of the whole bank locked."""


class Session:
    """A connection in autocommit mode, a second handle on its socket, and the warnings that the server sent.

    ``at_first``: it leads to the first of the places that its pool knows.

    ``sever`` works where a cancelled task does not: psycopg answers a cancellation by asking the server to cancel, which hangs with
    the server, and which turns a commit that waits for a standby into a false success.
    """

    def __init__(self, connection: AsyncConnection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._handle = socket.socket(fileno=os.dup(connection.fileno()))
        self.warnings: list[str] = []
        self.at_first = True
        connection.add_notice_handler(self._notice)

    @classmethod
    async def open(cls, dsn: str) -> Self:
        """Connect. Raises ``psycopg.OperationalError`` when the server does not let us in within 2 s."""
        connection = await AsyncConnection.connect(
            dsn,
            autocommit=True,
            prepare_threshold=1,
            connect_timeout=CONNECT_TIMEOUT_S,
            gssencmode="disable",
            client_encoding="utf8",
            options=SETTINGS,
        )
        return cls(connection)

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            self.warnings.append(diagnostic.message_primary or "a warning without words")

    async def row(self, statement: LiteralString, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """Execute, and return the first row, if there are rows."""
        cursor = await self._connection.execute(statement, values)
        return await cursor.fetchone() if cursor.description is not None else None

    async def begin(self) -> None:
        """Open a transaction."""
        await self._connection.execute("BEGIN")

    async def committed(self) -> bool:
        """Commit; True only if the server said so without a warning.

        A commit whose wait for a synchronous standby was cancelled *succeeds* with a warning: the rows are visible here, and
        may be nowhere else. So False is not "rolled back", it is "nobody knows".
        """
        self.warnings.clear()
        try:
            cursor = await self._connection.execute("COMMIT")
        except psycopg.Error as error:
            self.warnings.append(str(error))
            return False
        return cursor.statusmessage == "COMMIT" and not self.warnings

    async def rolled_back(self) -> bool:
        """Roll back; True only if the server confirmed it."""
        try:
            cursor = await self._connection.execute("ROLLBACK")
        except psycopg.Error:
            return False
        return cursor.statusmessage == "ROLLBACK"

    def sever(self) -> None:
        """Shut the socket down, so that whatever waits on it fails now. Harmless on a connection that is gone."""
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already shut, by us or by the server: that is what was wanted

    @property
    def lost(self) -> bool:
        """Whether the connection is known to be gone."""
        return self._connection.closed

    def reusable(self) -> bool:
        """Whether the connection is idle and silent. A server that died has left the end of the stream in the socket."""
        if self._connection.closed or self._connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        try:
            self._handle.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def close(self) -> None:
        """Let go of both handles. The socket is shut down first, so that a frozen server cannot hold us up."""
        self.sever()
        await self._connection.close()
        self._handle.close()
