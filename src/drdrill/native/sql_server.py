"""SQL Server 2016 or newer with an Always On availability group. **Not yet run against a live server.**

Views and statements: Microsoft Learn, "sys.dm_hadr_database_replica_states", "sys.dm_hadr_database_replica_cluster_states",
"sys.dm_hadr_availability_replica_states", "ALTER AVAILABILITY GROUP (Transact-SQL)". The login needs VIEW SERVER STATE (2022:
VIEW SERVER PERFORMANCE STATE), VIEW ANY DEFINITION, and ALTER on the availability group. The driver is python-tds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pytds  # type: ignore[import-untyped]

from drdrill.errors import Unprovable
from drdrill.native.dbapi import Connection, Cursor, rows_of
from drdrill.native.state import Check, NativeState, Role
from drdrill.waiting import wait_until

ANSWER_S = 5
VERSION_MIN = 13
"""secondary_lag_seconds came with SQL Server 2016 (13.x)."""
NAME_MAX = 128
NEVER_FORCED = ("REVERTING", "INITIALIZING")
"""A database in one of these states may be left unusable by a forced failover, as the documentation warns."""
_REPLICA = """
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version, s.role_desc, s.connected_state_desc,
       r.availability_mode_desc
FROM sys.availability_groups AS g
JOIN sys.availability_replicas AS r ON r.group_id = g.group_id
JOIN sys.dm_hadr_availability_replica_states AS s ON s.replica_id = r.replica_id
WHERE g.name = %s AND s.is_local = 1
"""
_DATABASES = """
SELECT c.database_name, s.is_local, s.synchronization_state_desc, s.is_suspended, s.log_send_queue_size,
       s.redo_queue_size, s.secondary_lag_seconds, s.last_commit_time, c.is_failover_ready
FROM sys.availability_groups AS g
JOIN sys.dm_hadr_database_replica_states AS s ON s.group_id = g.group_id
JOIN sys.dm_hadr_database_replica_cluster_states AS c
  ON c.replica_id = s.replica_id AND c.group_database_id = s.group_database_id
WHERE g.name = %s
"""
CHECK_STATEMENTS = (_REPLICA, _DATABASES)
"""All that ``checks`` sends."""
_ROLES: dict[str, Role] = {"PRIMARY": "primary", "SECONDARY": "standby"}
_ONE_STEP = (
    "an availability group moves in one step; promote the secondary, which ends the writes of the primary when it is "
    "a planned failover"
)
Rows = list[dict[str, Any]]


class SqlServer:
    """One replica, by ``mssql://user:password@host:port/group``. ``where`` names it in messages (a region)."""

    engine = "sql-server"

    def __init__(self, where: str, url: str, *, connect: Callable[[str], Connection] | None = None) -> None:
        self._where = where
        self._url = url
        self._group = unquote(urlsplit(url).path.lstrip("/"))
        self._connect = connect or _connect

    def look(self) -> NativeState:
        """How it is now. Raises ``Unprovable`` when it does not answer, or holds no replica of the group."""
        with self._asking("its state is not known") as cursor:
            return self._state(*self._seen(cursor))

    def fence(self) -> str:
        """Always raises ``Unprovable``: Always On has no fence apart from the planned failover."""
        raise Unprovable(f"{self._where} is not fenced: {_ONE_STEP}")

    def unfence(self) -> None:
        """Nothing to take back: ``fence`` changes nothing."""

    def until_received(self, position: str, *, limit_s: float) -> None:  # noqa: ARG002 (the Protocol's)
        """Always raises ``Unprovable``: ``fence`` gives no position to wait for."""
        raise Unprovable(f"{self._where}: it is not known whether {position!r} was received: {_ONE_STEP}")

    def promote(self, *, accept_loss: bool, limit_s: float) -> None:
        """Planned failover, or a forced one with ``accept_loss``, on this secondary; wait until it is the primary.

        Planned: refused unless each database is_failover_ready. Forced: refused while one is REVERTING or INITIALIZING.
        """
        with self._asking("it was not promoted") as cursor:
            replica, databases = self._seen(cursor)
            problem = _against(replica, [row for row in databases if row["is_local"]], accept_loss=accept_loss)
            if problem:
                raise Unprovable(f"{self._where} was not promoted: {problem}")
            how = "FORCE_FAILOVER_ALLOW_DATA_LOSS" if accept_loss else "FAILOVER"
            cursor.execute(f"ALTER AVAILABILITY GROUP {quoted(self._group)} {how}")
        wait_until(f"{self._where} is the primary", lambda: self.look().role == "primary", limit_s=limit_s, every_s=0.2)

    def checks(self) -> tuple[Check, ...]:
        """Version, role, mode, and each database. Changes nothing: it sends ``CHECK_STATEMENTS`` alone."""
        with self._asking("nothing could be checked") as cursor:
            replica, databases = self._seen(cursor)
        state = self._state(replica, databases)
        return (*_settings(state, replica), *_replication(state, databases))

    def _seen(self, cursor: Cursor) -> tuple[dict[str, Any], Rows]:
        replicas = rows_of(cursor, _REPLICA, (self._group,))
        if len(replicas) != 1:
            raise Unprovable(
                f"{self._where} holds no replica that may be seen of the availability group {self._group!r}"
            )
        return replicas[0], rows_of(cursor, _DATABASES, (self._group,))

    def _state(self, replica: dict[str, Any], databases: Rows) -> NativeState:
        role = _ROLES.get(replica["role_desc"], "unknown")
        watched = [row for row in databases if bool(row["is_local"]) == (role == "standby")]
        flowing = bool(watched) and all(_flows(row) for row in watched)
        receiving = (flowing and replica["connected_state_desc"] == "CONNECTED") if role == "standby" else None
        lags = [row["secondary_lag_seconds"] for row in watched]
        known = flowing and receiving is not False and None not in lags
        queues = [row["log_send_queue_size"] for row in watched]
        unsent = role == "primary" and flowing and None not in queues
        return NativeState(
            engine=self.engine,
            version=str(replica["version"]),
            role=role,
            accepts_writes={"primary": True, "standby": False}.get(role),
            receiving=receiving,
            lag_s=float(max(lags)) if known else None,
            lag_source="secondary_lag_seconds" if known else "",
            unsent_bytes=sum(queues) * 1024 if unsent else None,
            note=f"{replica['role_desc']}, {replica['availability_mode_desc']}",
        )

    @contextmanager
    def _asking(self, consequence: str) -> Iterator[Cursor]:
        connection: Connection | None = None
        try:
            connection = self._connect(self._url)
            yield connection.cursor()
        except (pytds.Error, OSError) as error:
            raise Unprovable(f"{self._where}: {consequence}: {' '.join(str(error).split())}") from error
        finally:
            if connection is not None:
                with suppress(pytds.Error, OSError):
                    connection.close()


def quoted(name: str) -> str:
    """A name between brackets, as QUOTENAME does. Raises ``Unprovable`` when it can be no name of SQL Server."""
    if not 0 < len(name) <= NAME_MAX or "\0" in name:
        raise Unprovable(f"nothing was sent: {name!r} is no name of an availability group")
    return f"[{name.replace(']', ']]')}]"


def _connect(url: str) -> Connection:
    parts = urlsplit(url)
    connection: Connection = pytds.connect(
        dsn=parts.hostname or "localhost",
        port=parts.port or 1433,
        database="master",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        login_timeout=ANSWER_S,
        timeout=ANSWER_S * 2,
        autocommit=True,
    )
    return connection


def _flows(row: dict[str, Any]) -> bool:
    return not row["is_suspended"] and row["synchronization_state_desc"] in {"SYNCHRONIZED", "SYNCHRONIZING"}


def _against(replica: dict[str, Any], local: Rows, *, accept_loss: bool) -> str:
    """Why this replica may not become the primary; empty when it may."""
    role = replica["role_desc"]
    if role == "PRIMARY" or (role != "SECONDARY" and not accept_loss):
        return f"it is no secondary but {role}"
    if not local:
        return "no database of the group is seen on it"
    if accept_loss:
        bad = [row for row in local if row["synchronization_state_desc"] in NEVER_FORCED]
        said = ", ".join(f"{row['database_name']} is {row['synchronization_state_desc']}" for row in bad)
        return f"a forced failover could leave a database unusable: {said}; wait, or restore it" if bad else ""
    late = [str(row["database_name"]) for row in local if not row["is_failover_ready"]]
    return f"is_failover_ready is 0 for {', '.join(late)}; wait for SYNCHRONIZED, or accept the loss" if late else ""


def _settings(state: NativeState, replica: dict[str, Any]) -> Iterator[Check]:
    major = int(state.version.split(".")[0])
    yield Check(name="version", ok=major >= VERSION_MIN, seen=state.version, todo="use SQL Server 2016 or newer")
    yield Check(
        name="has a known role", ok=state.role != "unknown", seen=state.note, todo="look at the cluster's quorum"
    )
    connected = str(replica["connected_state_desc"])
    yield Check(name="is connected", ok=connected == "CONNECTED", seen=connected, todo="look at the mirroring endpoint")


def _replication(state: NativeState, databases: Rows) -> Iterator[Check]:
    watched = [row for row in databases if bool(row["is_local"]) == (state.role == "standby")]
    if not watched:
        yield Check(
            name="has a secondary", ok=False, seen="no database of a secondary", todo="join a secondary replica"
        )
    for row in watched:
        ready = "ready" if row["is_failover_ready"] else "not ready"
        seen = f"{row['synchronization_state_desc']}, {ready} for a planned failover"
        todo = "resume data movement; look at the link"
        yield Check(name=f"replicates {row['database_name']}", ok=_flows(row), seen=seen, todo=todo)
