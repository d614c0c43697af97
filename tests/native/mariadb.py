"""Two real MariaDB servers on loopback, the second following the first by GTID, in a folder that goes afterwards."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from drdrill.waiting import wait_until

PASSWORD = "of-a-test"
DENIED = (1045, 1130, 1698)
_HERE = "'127.0.0.1'"
_RIGHTS = "RELOAD, PROCESS, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION SLAVE ADMIN, REPLICA MONITOR, BINLOG MONITOR"
_PREPARE = (
    f"CREATE USER follower@{_HERE} IDENTIFIED BY '{PASSWORD}'",
    f"GRANT REPLICATION SLAVE ON *.* TO follower@{_HERE}",
    f"CREATE USER operator@{_HERE} IDENTIFIED BY '{PASSWORD}'",
    f"GRANT {_RIGHTS} ON *.* TO operator@{_HERE}",
    f"CREATE USER bank@{_HERE} IDENTIFIED BY '{PASSWORD}'",
    f"GRANT SELECT, INSERT ON bank.* TO bank@{_HERE}",
    "CREATE DATABASE bank",
    "CREATE TABLE bank.entries (id INT PRIMARY KEY)",
)


def installed() -> bool:
    """Whether this machine has a MariaDB server."""
    return bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))


@dataclass(frozen=True)
class Server:
    """One running server."""

    home: Path
    port: int

    def ask(self, query: str, user: str = "root") -> tuple[tuple[Any, ...], ...]:
        """All rows of one statement; root comes by the socket."""
        at: dict[str, Any] = {"unix_socket": str(self.home / "s")}
        if user != "root":
            at = {"host": "127.0.0.1", "port": self.port, "password": PASSWORD}
        with pymysql.connect(user=user, autocommit=True, connect_timeout=5, read_timeout=10, **at) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return tuple(cursor.fetchall())

    @property
    def url(self) -> str:
        """How an operator reaches it."""
        return f"mysql://operator:{PASSWORD}@127.0.0.1:{self.port}"


@contextmanager
def open_pair(folder: Path) -> Iterator[tuple[Server, Server]]:
    """The primary and its standby."""
    seed = folder / "seed"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={seed}", "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with ExitStack() as closing:
        primary, standby = (closing.enter_context(_open(folder / str(number), seed, number)) for number in (1, 2))
        for statement in _PREPARE:
            primary.ask(statement)
        standby.ask(
            f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary.port}, MASTER_USER = 'follower', "
            f"MASTER_PASSWORD = '{PASSWORD}', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1"
        )
        standby.ask("START REPLICA")
        standby.ask("SET GLOBAL read_only = 1")
        until_in_step(primary, standby)
        yield primary, standby


def until_in_step(primary: Server, standby: Server) -> None:
    """Wait until the standby has all that the primary has."""
    end = primary.ask("SELECT @@gtid_binlog_pos")[0][0]
    wait_until("the standby is in step", lambda: standby.ask("SELECT @@gtid_slave_pos")[0][0] == end, limit_s=20)


@contextmanager
def _open(home: Path, seed: Path, number: int) -> Iterator[Server]:
    home.mkdir()
    shutil.copytree(seed, home / "data")
    server = Server(home, _free_port())
    words = [
        "mariadbd", "--no-defaults", "--user=root", f"--datadir={home / 'data'}", f"--socket={home / 's'}",
        f"--pid-file={home / 'pid'}", f"--port={server.port}", "--bind-address=127.0.0.1", f"--server-id={number}",
        "--log-bin=bin", "--log-slave-updates=1", "--gtid-strict-mode=1", "--binlog-format=ROW", "--sync-binlog=1",
        "--slave-net-timeout=4", "--innodb-buffer-pool-size=32M",
    ]  # fmt: skip
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        wait_until(f"server {number} answers", lambda: process.poll() is not None or _answers(server), limit_s=30)
        assert process.poll() is None, (home / "log").read_text()[-2000:]
        yield server
    finally:
        process.kill()
        process.wait(10)


def _answers(server: Server) -> bool:
    """Whether it refuses a stranger: by TCP, because a driver leaks the socket of a failed connection by path."""
    try:
        pymysql.connect(host="127.0.0.1", port=server.port, user="stranger", connect_timeout=5).close()
    except pymysql.OperationalError as error:
        return error.args[0] in DENIED
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
