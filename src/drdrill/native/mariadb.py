"""MariaDB 10.11 with replication by GTID that the bank manages itself. Run against 10.11 in the tests; not MySQL's dialect.

Statements and variables: MariaDB Server documentation, "Global Transaction ID", "SHOW REPLICA STATUS", "Read-Only Replicas".
The account needs RELOAD (it ends a standby's following), PROCESS, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION SLAVE ADMIN, SLAVE MONITOR (also called REPLICA MONITOR), BINLOG MONITOR.
A fence by ``read_only`` holds against accounts without READ_ONLY ADMIN, and until the server is started again: the bank's
configuration file must say ``read_only = 1`` for both servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.cursors import DictCursor

from drdrill.errors import Unprovable
from drdrill.native.gtid import position_of, transactions_missing
from drdrill.native.state import Check, NativeState
from drdrill.waiting import wait_until

ANSWER_S = 5
CUT_NOTICED_S = 10
NO_SUCH_THREAD = 1094
RIGHTS = (
    "RELOAD",
    "PROCESS",
    "CONNECTION ADMIN",
    "READ_ONLY ADMIN",
    "REPLICATION SLAVE ADMIN",
    "SLAVE MONITOR",
    "BINLOG MONITOR",
)
_VARIABLES = """
SELECT @@version AS version, @@read_only AS read_only, @@log_bin AS log_bin, @@log_slave_updates AS log_slave_updates,
       @@binlog_format AS binlog_format, @@gtid_strict_mode AS gtid_strict_mode, @@slave_net_timeout AS slave_net_timeout,
       @@sync_binlog AS sync_binlog, @@innodb_flush_log_at_trx_commit AS flush_log,
       @@rpl_semi_sync_master_enabled AS semi_sync, @@gtid_binlog_pos AS written, @@gtid_slave_pos AS applied
"""
_REPLICA = "SHOW REPLICA STATUS"
_RIGHTS = "SELECT privilege_type AS held FROM information_schema.user_privileges"
_DUMPS = "SELECT count(*) AS dumps FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
_CLIENTS = """
SELECT id FROM information_schema.processlist
WHERE id <> connection_id() AND user NOT IN ('system user', 'event_scheduler')
  AND command NOT LIKE 'Binlog Dump%' AND command NOT IN ('Daemon', 'Slave_IO', 'Slave_SQL', 'Slave_worker')
"""
READ_ONLY_SESSION = "SET SESSION TRANSACTION READ ONLY"
CHECK_STATEMENTS = (READ_ONLY_SESSION, _VARIABLES, _REPLICA, _RIGHTS, _DUMPS)
"""All that ``checks`` sends."""


class MariaDb:
    """One MariaDB server, by a URL ``mysql://user:password@host:port``. ``where`` names it in messages (a region)."""

    engine = "mariadb"

    def __init__(self, where: str, url: str) -> None:
        self._where = where
        self._parts = urlsplit(url)
        self._has_all_until: str | None = None

    def look(self) -> NativeState:
        """How it is now. Raises ``Unprovable`` when it does not answer within 5 s, or is no MariaDB."""
        with self._asking("its state is not known") as cursor:
            return self._state(cursor)

    def fence(self) -> str:
        """Make it read-only, end the sessions of all clients, and return the GTID position at which its log ends then.

        The standby's own connection goes on: what is written reaches it still.
        """
        with self._asking("it is not fenced") as cursor:
            self._end_clients(cursor)
            cursor.execute("SET SESSION lock_wait_timeout = %s", (ANSWER_S,))
            cursor.execute("SET GLOBAL read_only = 1")
            self._end_clients(cursor)
            variables = _row(cursor, _VARIABLES)
            if not variables["read_only"]:
                raise Unprovable(f"{self._where} is not fenced: read_only was set, and is off again")
            return str(variables["written"])

    def unfence(self) -> None:
        """Take ``read_only`` back. Raises ``Unprovable`` when it is on again all the same."""
        with self._asking("its fence was not taken back") as cursor:
            cursor.execute("SET GLOBAL read_only = 0")
            if _row(cursor, _VARIABLES)["read_only"]:
                raise Unprovable(f"{self._where}: its fence was not taken back: read_only was unset, and is on again")

    def until_received(self, position: str, *, limit_s: float) -> None:
        """Wait until the standby has applied the log up to ``position``. Raises ``Unprovable`` with how many are missing."""
        wanted = position_of(position)
        with self._asking("it is not known what it has received") as cursor:

            def missing() -> int:
                return transactions_missing(position_of(str(_row(cursor, _VARIABLES)["applied"])), wanted)

            wait_until(
                f"{self._where} has applied the log up to {position}",
                lambda: missing() == 0,
                limit_s=limit_s,
                every_s=0.01,
                seen=lambda: f"{missing()} transactions are missing",
            )
        self._has_all_until = position

    def promote(self, *, accept_loss: bool, limit_s: float) -> None:
        """Apply what was received, forget the primary, and take writes.

        A standby cannot know what it has not received: without ``accept_loss`` this refuses unless ``until_received`` was
        answered before on this very object.
        """
        state = self.look()
        if state.role != "standby":
            raise Unprovable(f"{self._where} was not promoted: it is no standby ({state})")
        if not accept_loss and self._has_all_until is None:
            raise Unprovable(
                f"{self._where} was not promoted: nothing shows that it has everything; fence the primary and wait for the "
                "position it was fenced at, or accept the loss explicitly"
            )
        with self._asking("it was not promoted") as cursor:
            cursor.execute("STOP REPLICA IO_THREAD")
            self._until_relay_log_is_applied(cursor, limit_s)
            cursor.execute("STOP REPLICA")
            cursor.execute("RESET REPLICA ALL")
            cursor.execute("SET GLOBAL read_only = 0")
        wait_until(
            f"{self._where} takes writes", lambda: bool(self.look().accepts_writes), limit_s=limit_s, every_s=0.01
        )

    def checks(self) -> tuple[Check, ...]:
        """Version, rights, settings, and whether the pair replicates. Changes nothing, in a session that can write nothing."""
        with self._asking("nothing could be checked") as cursor:
            cursor.execute(READ_ONLY_SESSION)
            state, variables = self._state(cursor), _row(cursor, _VARIABLES)
            cursor.execute(_RIGHTS)
            held = {str(row["held"]) for row in cursor.fetchall()}
            dumps = int(_row(cursor, _DUMPS)["dumps"])
            replica = _replica(cursor)
        return (*_settings(variables), *_rights(held), *_replication(state, replica, dumps))

    def _state(self, cursor: DictCursor) -> NativeState:
        variables, replica = _row(cursor, _VARIABLES), _replica(cursor)
        if "MariaDB" not in str(variables["version"]):
            raise Unprovable(
                f"{self._where} is {variables['version']}, and this adapter speaks MariaDB's dialect alone"
            )
        receiving = replica is not None and replica["Slave_IO_Running"] == "Yes"
        lag_s = replica["Seconds_Behind_Master"] if replica is not None and receiving else None
        return NativeState(
            engine=self.engine,
            version=str(variables["version"]),
            role="primary" if replica is None else "standby",
            accepts_writes=not variables["read_only"],
            receiving=None if replica is None else receiving,
            lag_s=None if lag_s is None else float(lag_s),
            lag_source="" if replica is None else "Seconds_Behind_Master",
        )

    def _until_relay_log_is_applied(self, cursor: DictCursor, limit_s: float) -> None:
        def missing() -> int:
            replica = _replica(cursor)
            assert replica is not None, "it was a standby a moment ago"
            if replica["Slave_SQL_Running"] != "Yes":
                raise Unprovable(
                    f"{self._where} was not promoted: it does not apply what it received ({replica['Last_SQL_Error']})"
                )
            applied = position_of(str(_row(cursor, _VARIABLES)["applied"]))
            return transactions_missing(applied, position_of(str(replica["Gtid_IO_Pos"])))

        wait_until(
            f"{self._where} has applied all that it received", lambda: missing() == 0, limit_s=limit_s, every_s=0.01
        )

    def _end_clients(self, cursor: DictCursor) -> None:
        cursor.execute(_CLIENTS)
        for row in cursor.fetchall():
            try:
                cursor.execute("KILL %s", (int(row["id"]),))
            except pymysql.err.OperationalError as error:
                if error.args[0] != NO_SUCH_THREAD:
                    raise

    @contextmanager
    def _asking(self, consequence: str) -> Iterator[DictCursor]:
        connection: pymysql.Connection[DictCursor] | None = None
        try:
            connection = pymysql.connect(
                host=self._parts.hostname or "localhost",
                port=self._parts.port or 3306,
                user=unquote(self._parts.username or ""),
                password=unquote(self._parts.password or ""),
                connect_timeout=ANSWER_S,
                read_timeout=ANSWER_S * 2,
                autocommit=True,
                cursorclass=DictCursor,
            )
            yield connection.cursor()
        except pymysql.Error as error:
            raise Unprovable(f"{self._where}: {consequence}: {' '.join(str(error).split())}") from error
        finally:
            if connection is not None:
                with suppress(pymysql.Error):
                    connection.close()


def _row(cursor: DictCursor, query: str) -> dict[str, Any]:
    cursor.execute(query)
    row = cursor.fetchone()
    assert row is not None, "the query answers one row"
    return row


def _replica(cursor: DictCursor) -> dict[str, Any] | None:
    cursor.execute(_REPLICA)
    return cursor.fetchone()


def _settings(found: dict[str, Any]) -> Iterator[Check]:
    version = str(found["version"])
    number = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    yield Check(name="version", ok=number >= (10, 11), seen=version, todo="use MariaDB 10.11 or newer")
    for name, setting, good in (
        ("writes a log", "log_bin", 1),
        ("logs what it applies", "log_slave_updates", 1),
        ("logs rows", "binlog_format", "ROW"),
        ("refuses GTIDs out of order", "gtid_strict_mode", 1),
        ("syncs its log at each commit", "sync_binlog", 1),
        ("syncs its data at each commit", "flush_log", 1),
    ):
        seen = found[setting]
        shown = {"flush_log": "innodb_flush_log_at_trx_commit"}.get(setting, setting)
        yield Check(name=name, ok=seen == good, seen=f"{shown} = {seen}", todo=f"set {shown} = {good}")
    timeout_s = int(found["slave_net_timeout"])
    todo = f"set slave_net_timeout to {CUT_NOTICED_S} s or less: until then a silent link looks like no lag"
    yield Check(name="notices a cut link", ok=timeout_s <= CUT_NOTICED_S, seen=f"after {timeout_s} s", todo=todo)
    semi = "on: a commit waits for a standby" if found["semi_sync"] else "off: a failover may lose what was not sent"
    yield Check(name="says whether it is semi-synchronous", ok=True, seen=semi)


def _rights(held: set[str]) -> Iterator[Check]:
    for right in RIGHTS:
        has = right in held
        yield Check(name=f"has {right}", ok=has, seen="yes" if has else "no", todo=f"GRANT {right} ON *.*")


def _replication(state: NativeState, replica: dict[str, Any] | None, dumps: int) -> Iterator[Check]:
    if replica is None:
        todo = "start the standby in the recovery region"
        yield Check(name="has a standby", ok=dumps > 0, seen=f"{dumps} standbys read its log", todo=todo)
        return
    seen = replica["Last_IO_Error"] or str(state)
    yield Check(
        name="receives the primary's log",
        ok=state.receiving,
        seen=seen,
        todo="look at the link and SHOW REPLICA STATUS",
    )
    using = str(replica["Using_Gtid"])
    yield Check(
        name="follows by GTID", ok=using == "Slave_Pos", seen=using, todo="CHANGE MASTER TO MASTER_USE_GTID = slave_pos"
    )
    refuses = not state.accepts_writes
    yield Check(
        name="refuses writes",
        ok=refuses,
        seen="yes" if refuses else "no",
        todo="SET GLOBAL read_only = 1, and in its configuration file",
    )
