"""Oracle Database 19c with Data Guard and one physical standby. **Not yet run against a live server.**

Views and statements: Oracle Database Reference 18c and 19c, V$DATABASE, V$DATAGUARD_STATS, V$DATAGUARD_CONFIG; "Performing a
Switchover to a Physical Standby Database" (19c) and "Performing a Failover to a Physical Standby Database" (19c). The session
is opened AS SYSDG with python-oracledb in its thin mode: a standby that is only mounted takes no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import oracledb

from drdrill.errors import Unprovable
from drdrill.native.dbapi import Connection, Cursor, rows_of
from drdrill.native.state import Check, NativeState, Role
from drdrill.waiting import wait_until

ANSWER_S = 5
DATUM_MOVES_S = 10.0
"""How long an unchanged DATUM_TIME is watched before the standby counts as receiving nothing."""
VERSION_MIN = 19
_VERSION = "SELECT version_full FROM v$instance"
_DATABASE = """
SELECT db_unique_name, database_role, open_mode, switchover_status, protection_mode, force_logging, flashback_on
FROM v$database
"""
_STATS = "SELECT name, value, time_computed, datum_time FROM v$dataguard_stats WHERE lower(name) IN ('transport lag', 'apply lag')"
_STANDBYS = "SELECT db_unique_name FROM v$dataguard_config WHERE dest_role = 'PHYSICAL STANDBY'"
CHECK_STATEMENTS = (_VERSION, _DATABASE, _STATS, _STANDBYS)
"""All that ``checks`` sends."""
_ROLES: dict[str, Role] = {"PRIMARY": "primary", "PHYSICAL STANDBY": "standby"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_$#]{0,29}")
_INTERVAL = re.compile(r"([+-])(\d+) (\d+):(\d+):(\d+(?:\.\d+)?)")


class Oracle:
    """One Oracle database, by a URL ``oracle://user:password@host:port/service``. ``where`` names it in messages (a region)."""

    engine = "oracle"

    def __init__(
        self,
        where: str,
        url: str,
        *,
        connect: Callable[[str], Connection] | None = None,
        datum_moves_s: float = DATUM_MOVES_S,
    ) -> None:
        self._where = where
        self._url = url
        self._connect = connect or _connect
        self._datum_moves_s = datum_moves_s

    def look(self) -> NativeState:
        """How it is now. A standby is watched for up to 10 s. Raises ``Unprovable`` when it does not answer."""
        with self._asking("its state is not known") as cursor:
            return self._state(cursor)

    def fence(self) -> str:
        """Give the primary's role to its only physical standby, after VERIFY; return the standby's name.

        Data Guard has no fence apart from the switchover: the old primary takes no writes from then on. When VERIFY
        fails nothing more is sent.
        """
        with self._asking("it is not fenced") as cursor:
            database = _database(cursor)
            if database["database_role"] != "PRIMARY":
                raise Unprovable(f"{self._where} is not fenced: it is no primary but {database['database_role']}")
            standbys = [str(row["db_unique_name"]) for row in rows_of(cursor, _STANDBYS)]
            if len(standbys) != 1:
                raise Unprovable(f"{self._where} is not fenced: it has {len(standbys)} physical standbys, not one")
            name = named(standbys[0])
            cursor.execute(f"ALTER DATABASE SWITCHOVER TO {name} VERIFY")
            cursor.execute(f"ALTER DATABASE SWITCHOVER TO {name}")
            return name

    def unfence(self) -> None:
        """Nothing to take back while it is the primary still. Raises ``Unprovable`` otherwise: a switchover has no way back here."""
        with self._asking("it is not known whether it takes writes") as cursor:
            role = _database(cursor)["database_role"]
        if role != "PRIMARY":
            raise Unprovable(f"{self._where} is {role} now, and a switchover that was begun is not taken back here")

    def until_received(self, position: str, *, limit_s: float) -> None:
        """Wait until the database that ``fence`` named is primary: a switchover ends only when it has all redo."""
        with self._asking("it is not known what it has received") as cursor:
            name = str(_database(cursor)["db_unique_name"])
            if name.upper() != position.upper():
                raise Unprovable(f"{self._where} is {name}, and the switchover went to {position}")
            wait_until(
                f"{self._where} is the primary",
                lambda: _database(cursor)["database_role"] == "PRIMARY",
                limit_s=limit_s,
                every_s=0.2,
                seen=lambda: _database(cursor)["database_role"],
            )

    def promote(self, *, accept_loss: bool, limit_s: float) -> None:
        """Open a database that a switchover made primary; with ``accept_loss`` let a standby fail over first."""
        with self._asking("it was not promoted") as cursor:
            database = _database(cursor)
            role, name = database["database_role"], named(str(database["db_unique_name"]))
            if role == "PHYSICAL STANDBY" and accept_loss:
                cursor.execute(f"ALTER DATABASE FAILOVER TO {name}")
            elif role != "PRIMARY" or database["open_mode"] != "MOUNTED":
                raise Unprovable(
                    f"{self._where} was not promoted: it is {role}, {database['open_mode']}; switch over on the primary "
                    "first, or accept the loss explicitly"
                )
            cursor.execute("ALTER DATABASE OPEN")
            wait_until(
                f"{self._where} takes writes", lambda: _takes_writes(_database(cursor)), limit_s=limit_s, every_s=0.2
            )

    def checks(self) -> tuple[Check, ...]:
        """Version, logging, role, and whether the pair replicates. Changes nothing: it sends ``CHECK_STATEMENTS`` alone."""
        with self._asking("nothing could be checked") as cursor:
            state, database = self._state(cursor), _database(cursor)
            standbys = len(rows_of(cursor, _STANDBYS))
        return (*_settings(state, database), _replicates(state, database, standbys))

    def _state(self, cursor: Cursor) -> NativeState:
        version = str(rows_of(cursor, _VERSION)[0]["version_full"])
        database = _database(cursor)
        role = _ROLES.get(database["database_role"], "unknown")
        receiving, lag_s = self._watched(cursor) if role == "standby" else (None, None)
        return NativeState(
            engine=self.engine,
            version=version,
            role=role,
            accepts_writes=None if role == "unknown" else _takes_writes(database),
            receiving=receiving,
            lag_s=lag_s,
            lag_source="V$DATAGUARD_STATS apply lag" if role == "standby" else "",
            note=f"{database['database_role']}, {database['open_mode']}, {database['protection_mode']}",
        )

    def _watched(self, cursor: Cursor) -> tuple[bool, float | None]:
        """Whether DATUM_TIME moves, and the apply lag then: an unchanging one means that nothing is received."""
        seen = [_apply_lag(cursor)]
        first = seen[0].get("datum_time")

        def moved() -> bool:
            seen.append(_apply_lag(cursor))
            return bool(seen[-1].get("datum_time")) and seen[-1]["datum_time"] != first

        try:
            wait_until("DATUM_TIME moves", moved, limit_s=self._datum_moves_s, every_s=0.5)
        except Unprovable:
            return False, None
        return True, interval_s(seen[-1]["value"])

    @contextmanager
    def _asking(self, consequence: str) -> Iterator[Cursor]:
        connection: Connection | None = None
        try:
            connection = self._connect(self._url)
            yield connection.cursor()
        except oracledb.Error as error:
            raise Unprovable(f"{self._where}: {consequence}: {' '.join(str(error).split())}") from error
        finally:
            if connection is not None:
                with suppress(oracledb.Error):
                    connection.close()


def named(name: str) -> str:
    """A DB_UNIQUE_NAME that needs no quotes. Raises ``Unprovable`` for any other: it is never put into a statement."""
    if not _NAME.fullmatch(name):
        raise Unprovable(f"nothing was sent: {name!r} is no DB_UNIQUE_NAME of letters, digits, _, $ and #")
    return name


def interval_s(value: str | None) -> float | None:
    """``+00 00:01:30`` (a day to second interval) as 90.0 s; None when it is empty or of another form."""
    found = _INTERVAL.fullmatch((value or "").strip())
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part) for part in found.groups()[1:])
    return (-1 if found[1] == "-" else 1) * (((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _connect(url: str) -> Connection:
    parts = urlsplit(url)
    return oracledb.connect(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname or "localhost",
        port=parts.port or 1521,
        service_name=parts.path.lstrip("/"),
        mode=oracledb.AUTH_MODE_SYSDGD,
        tcp_connect_timeout=ANSWER_S,
        retry_count=0,
    )


def _database(cursor: Cursor) -> dict[str, Any]:
    return rows_of(cursor, _DATABASE)[0]


def _apply_lag(cursor: Cursor) -> dict[str, Any]:
    return next((row for row in rows_of(cursor, _STATS) if str(row["name"]).lower() == "apply lag"), {})


def _takes_writes(database: dict[str, Any]) -> bool:
    return bool(database["database_role"] == "PRIMARY" and database["open_mode"] == "READ WRITE")


def _settings(state: NativeState, database: dict[str, Any]) -> Iterator[Check]:
    major = int(state.version.split(".")[0])
    yield Check(name="version", ok=major >= VERSION_MIN, seen=state.version, todo="use Oracle Database 19c or newer")
    for name, column, todo in (
        ("logs everything", "force_logging", "ALTER DATABASE FORCE LOGGING"),
        ("can be flashed back", "flashback_on", "ALTER DATABASE FLASHBACK ON: else an old primary is built anew"),
    ):
        yield Check(name=name, ok=database[column] == "YES", seen=f"{column} = {database[column]}", todo=todo)
    yield Check(name="has a known role", ok=state.role != "unknown", seen=state.note, todo="use a physical standby")


def _replicates(state: NativeState, database: dict[str, Any], standbys: int) -> Check:
    if state.role == "standby":
        todo = "look at the link and at V$DATAGUARD_STATS: DATUM_TIME does not move"
        return Check(name="receives the primary's redo", ok=state.receiving, seen=str(state), todo=todo)
    ready = standbys == 1 and database["switchover_status"] in {"TO STANDBY", "SESSIONS ACTIVE"}
    seen = f"{standbys} physical standbys, switchover_status = {database['switchover_status']}"
    return Check(name="has one standby in step", ok=ready, seen=seen, todo="start redo transport and redo apply")
