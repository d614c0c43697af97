"""Questions to one database, each with a deadline that holds even when the server is frozen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction

from drdrill.errors import EstateError
from drdrill.lab.state import DatabaseState

SCRATCH = "drdrill_scratch"
"""The table in which a write is tried, and rolled back."""

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


async def ask[T](dsn: str, question: Callable[[Connection], Awaitable[T]], *, limit_s: float) -> T:
    """Connect, ask, close. Raises ``EstateError`` when the whole has not ended after ``limit_s`` or the server fails.

    A cancelled query would itself wait for the server, so the deadline is enforced by shutting the socket down.
    """
    opened: list[Connection] = []

    async def talk() -> T:
        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        opened.append(connection)
        try:
            return await question(connection)
        finally:
            await connection.close()

    task = asyncio.create_task(talk())
    done, _ = await asyncio.wait({task}, timeout=limit_s)
    if not done:
        for connection in opened:
            _shut_down(connection)
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
        raise EstateError(f"the database did not answer within {limit_s:g} s")
    try:
        return task.result()
    except psycopg.Error as error:
        raise EstateError(f"the database did not answer: {' '.join(str(error).split())}") from error


async def look(dsn: str, *, limit_s: float = 3.0) -> DatabaseState:
    """Whether it runs, is in recovery, and takes a write: one is really tried, in a table of its own, and rolled back."""

    async def question(connection: Connection) -> DatabaseState:
        recovering = await _is_in_recovery(connection)
        return DatabaseState(running=True, in_recovery=recovering, accepts_writes=await _takes_a_write(connection))

    try:
        return await ask(dsn, question, limit_s=limit_s)
    except EstateError as error:
        return DatabaseState(running=False, said=str(error))


async def promote(dsn: str, *, limit_s: float = 30.0) -> None:
    """End recovery; returns when the database takes writes. ``dsn`` is an administrator's."""

    async def question(connection: Connection) -> None:
        await connection.execute("SELECT pg_promote(false)")
        while await _is_in_recovery(connection):
            await asyncio.sleep(0.005)

    await ask(dsn, question, limit_s=limit_s)


async def until_streaming(connection: Connection, name: str) -> None:
    """Wait until the standby that goes by this name receives the log; the limit is that of whoever asks."""
    query = "SELECT 1 FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
    while await (await connection.execute(query, (name,))).fetchone() is None:
        await asyncio.sleep(0.01)


async def _is_in_recovery(connection: Connection) -> bool:
    row = await (await connection.execute("SELECT pg_is_in_recovery()")).fetchone()
    return bool(row and row[0])


async def _takes_a_write(connection: Connection) -> bool:
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(f"INSERT INTO {SCRATCH} (at) VALUES (clock_timestamp())")  # noqa: S608 (a constant)
    except ReadOnlySqlTransaction:
        return False
    return True


def _shut_down(connection: Connection) -> None:
    """End the conversation at the socket: a polite cancellation would wait for the silent server."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
