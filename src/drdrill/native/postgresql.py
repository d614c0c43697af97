"""PostgreSQL 15 or newer with streaming replication that the bank manages itself. Run against 16 in the lab.

Functions and columns: PostgreSQL documentation, "System Administration Functions" (9.28) and "The Cumulative Statistics
System" (28.2). The role needs: pg_monitor, pg_signal_backend, EXECUTE on pg_promote(bool, int) and pg_reload_conf(), and
ALTER SYSTEM ON PARAMETER default_transaction_read_only. No superuser.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from drdrill.errors import Unprovable
from drdrill.native.state import Check, NativeState
from drdrill.waiting import wait_until

ANSWER_S = 5
VERSION_MIN = 150000
"""GRANT … ON PARAMETER came with 15; before it a fence would need a superuser."""

_LOOK = """
SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
       (SELECT status = 'streaming' FROM pg_stat_wal_receiver), CASE WHEN pg_is_in_recovery() THEN
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
            THEN (SELECT greatest(0, extract(epoch FROM last_msg_receipt_time - last_msg_send_time))
                  FROM pg_stat_wal_receiver WHERE status = 'streaming')
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END
       ELSE (SELECT extract(epoch FROM max(coalesce(replay_lag, interval '0')))
             FROM pg_stat_replication WHERE state = 'streaming') END
"""
"""A standby that has replayed all it has received may still lack what is on its way: then the journey of the newest message counts, by
both servers' wall clocks. A standby that receives nothing has no lag of 0. The primary knows the way there and back."""
_LAG_SOURCES = {True: "pg_stat_wal_receiver, pg_last_xact_replay_timestamp()", False: "pg_stat_replication.replay_lag"}
_RIGHTS = (
    ("may see replication", "SELECT pg_has_role(current_user, 'pg_monitor', 'MEMBER')", "GRANT pg_monitor TO {role}"),
    (
        "may end sessions",
        "SELECT pg_has_role(current_user, 'pg_signal_backend', 'MEMBER')",
        "GRANT pg_signal_backend TO {role}",
    ),
    (
        "may promote",
        "SELECT has_function_privilege('pg_promote(boolean, integer)', 'EXECUTE')",
        "GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer) TO {role}",
    ),
    (
        "may reload settings",
        "SELECT has_function_privilege('pg_reload_conf()', 'EXECUTE')",
        "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {role}",
    ),
    (
        "may fence",
        "SELECT has_parameter_privilege('default_transaction_read_only', 'ALTER SYSTEM')",
        "GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only TO {role}",
    ),
)
_END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND usename NOT IN (SELECT rolname FROM pg_roles WHERE rolsuper)
"""
_SESSIONS_THAT_WROTE = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND backend_xid IS NOT NULL
"""


class PostgreSql:
    """One PostgreSQL server, by its connection string. ``where`` names it in messages (a region)."""

    engine = "postgresql"

    def __init__(self, where: str, dsn: str) -> None:
        self._where = where
        self._dsn = dsn

    def look(self) -> NativeState:
        """How it is now. Raises ``Unprovable`` when it does not answer within 5 s."""
        with self._asking("its state is not known") as connection:
            row = connection.execute(_LOOK).fetchone()
        assert row is not None
        version, standby, read_only, streaming, lag_s = row
        return NativeState(
            engine=self.engine,
            version=version,
            role="standby" if standby else "primary",
            accepts_writes=not standby and not read_only,
            receiving=bool(streaming) if standby else None,
            lag_s=None if lag_s is None else float(lag_s),
            lag_source=_LAG_SOURCES[standby],
        )

    def fence(self) -> str:
        """Let every new transaction be read-only, end all sessions but superusers', and return where the log ends then."""
        with self._asking("it is not fenced") as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            self._until("its setting is read-only", lambda: not self.look().accepts_writes)
            connection.execute(_END_SESSIONS)
            self._until("no session writes any more", lambda: _one(connection, _SESSIONS_THAT_WROTE) == 0)
            return str(_one(connection, "SELECT pg_current_wal_lsn()"))

    def unfence(self) -> None:
        """Let transactions write again, and wait until a look says so."""
        with self._asking("its fence was not taken back") as connection:
            connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
            connection.execute("SELECT pg_reload_conf()")
        self._until("it takes writes again", lambda: bool(self.look().accepts_writes))

    def until_received(self, position: str, *, limit_s: float) -> None:
        """Wait until the standby has replayed the log up to ``position``. Raises ``Unprovable`` after the limit."""
        with self._asking("it is not known what it has received") as connection:

            def reached() -> bool:
                query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
                row = connection.execute(query, (position,)).fetchone()
                return row is not None and bool(row[0])

            wait_until(
                f"{self._where} has replayed the log up to {position}",
                reached,
                limit_s=limit_s,
                every_s=0.01,
                seen=lambda: _one(connection, "SELECT pg_last_wal_replay_lsn()"),
            )

    def promote(self, *, accept_loss: bool, limit_s: float) -> None:
        """End recovery, and wait until it takes writes. A standby cannot know what it has not received: see ``Replica``.

        Without ``accept_loss`` it refuses while the log still streams in: then the primary lives, and it must be fenced first.
        """
        state = self.look()
        if state.role != "standby":
            raise Unprovable(f"{self._where} was not promoted: it is no standby ({state})")
        if not accept_loss and state.receiving:
            raise Unprovable(
                f"{self._where} was not promoted: its primary is alive and sends its log; fence the primary first, "
                "or accept the loss explicitly"
            )
        with self._asking("it was not promoted") as connection:
            connection.execute("SELECT pg_promote(false)")
        self._until("it takes writes", lambda: bool(self.look().accepts_writes), limit_s=limit_s)

    def checks(self) -> tuple[Check, ...]:
        """Version, rights, role, and whether the pair replicates. Changes nothing."""
        with self._asking("nothing could be checked") as connection:
            number = int(str(_one(connection, "SELECT current_setting('server_version_num')")))
            role = str(_one(connection, "SELECT current_user"))
            rights = [(name, bool(_one(connection, query)), todo.format(role=role)) for name, query, todo in _RIGHTS]
            standbys = _one(connection, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
        state = self.look()
        found = [Check(name="version", ok=number >= VERSION_MIN, seen=state.version, todo="use PostgreSQL 15 or newer")]
        found += [Check(name=name, ok=held, seen="yes" if held else "no", todo=todo) for name, held, todo in rights]
        found.append(_replicates(state, int(str(standbys))))
        return tuple(found)

    def _until(self, what: str, look: Any, limit_s: float = ANSWER_S) -> None:
        wait_until(f"{self._where}: {what}", look, limit_s=limit_s, every_s=0.01)

    @contextmanager
    def _asking(self, consequence: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        try:
            with psycopg.connect(self._dsn, autocommit=True, connect_timeout=ANSWER_S) as connection:
                connection.execute(f"SET statement_timeout = '{ANSWER_S}s'".encode())
                yield connection
        except psycopg.Error as error:
            raise Unprovable(f"{self._where}: {consequence}: {' '.join(str(error).split())}") from error


def _replicates(state: NativeState, standbys: int) -> Check:
    if state.role == "standby":
        todo = "look at primary_conninfo and at the network between the regions"
        return Check(name="receives the primary's log", ok=state.receiving, seen=str(state), todo=todo)
    seen = f"{standbys} standbys stream from it"
    return Check(name="has a standby", ok=standbys > 0, seen=seen, todo="start the standby in the recovery region")


def _one(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
