"""One PostgreSQL cluster: where it is, and what can be done to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.child import Child
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.shared_memory import remove_segment
from drdrill.model.estate import Address

SETTINGS = {
    "port": "{port}",
    "listen_addresses": "'{host}'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "wal_keep_size": "256MB",
    "wal_retrieve_retry_interval": "200ms",
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
    "wal_receiver_status_interval": "1s",
    "hot_standby": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
}
"""In ``postgresql.conf`` and not on the command line, because pg_rewind's own recovery ignores the latter."""

HBA = "host all all 127.0.0.0/8 scram-sha-256\nhost replication all 127.0.0.0/8 scram-sha-256\n"
_STATUS_LINE = 7
_PLAIN = {**os.environ, "LC_ALL": "C"}
_STANDBY = "standby.signal"
_UPSTREAM_SETTINGS = ("primary_conninfo", "primary_slot_name")
_READ_ONLY = "default_transaction_read_only"
SYNCHRONOUS = "synchronous_standby_names"
"""The setting by which commits wait for a standby; data that were copied or rewound bring it along."""


@dataclass(frozen=True)
class Upstream:
    """From where a standby reads its log: the address (of a relay), the role, and the name of its slot."""

    address: Address
    role: str
    password: str
    slot: str

    @property
    def where(self) -> str:
        """The connection string, without the password; the standby goes by the name of its slot."""
        place = f"host={self.address.host} port={self.address.port}"
        return f"{place} user={self.role} application_name={self.slot}"


class Cluster:
    """A data directory, and the server that runs on it. Not thread-safe; belongs to one event loop.

    ``lost``: its region was killed, so nobody but who starts the region may start it.
    """

    def __init__(
        self, name: str, data: Path, address: Address, binaries: Binaries, account: Account, log: Path
    ) -> None:
        self.name = name
        self.data = data
        self.address = address
        self.fenced = False
        self.lost = False
        self._binaries = binaries
        self._account = account
        options = account.popen_options()
        self.child = Child(name, [binaries["postgres"], "-D", str(data)], log, options, says_ready=False)

    def configure(self) -> None:
        """Write the settings and who may connect; the cluster must not be running."""
        host, port = self.address.host, self.address.port
        lines = [f"{key} = {value.format(host=host, port=port)}\n" for key, value in SETTINGS.items()]
        self._write("postgresql.conf", "".join(lines))
        self._write("pg_hba.conf", HBA)

    async def start(self, *, limit_s: float = 30.0) -> None:
        """Start, and wait until connections are taken."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        await self.child.start()
        try:
            async with asyncio.timeout(limit_s):
                while not self._is_ready():
                    if not self.child.alive():
                        raise EstateError(f"{self.name} did not start; {self.child.last_words()}")
                    await asyncio.sleep(0.005)
        except TimeoutError as error:
            raise EstateError(
                f"{self.name} took no connections within {limit_s:g} s; {self.child.last_words()}"
            ) from error

    async def stop(self, *, limit_s: float = 20.0) -> None:
        """Shut down in order: sessions are ended, a checkpoint is written."""
        self.child.expected_to_run = False
        if self.child.process is not None and self.child.alive():
            self.child.process.send_signal(signal.SIGINT)
            await asyncio.wait_for(self.child.wait(), limit_s)

    async def kill(self) -> None:
        """Freeze the postmaster and all its children, kill them, wait, and remove the segment they leave."""
        self.child.expected_to_run = False
        if self.child.process is not None:
            killed = await asyncio.to_thread(process_tree.kill, [self.child.process])
            process_tree.reap(process for process in killed if process.pid != self.child.process.pid)
            await self.child.wait()
        self.clear_remains()

    def clear_remains(self) -> None:
        """Remove what a killed server leaves outside its directory; it must be gone."""
        remove_segment(self.data)

    def fence(self) -> None:
        """Make its next start that of a standby that follows nobody: it cannot take a write. Must not be running."""
        if not (self.data / _STANDBY).exists():
            self.fenced = True
            self._write(_STANDBY, "")
        self._set(without=_UPSTREAM_SETTINGS)

    def unfence(self) -> None:
        """Take back ``fence`` of a cluster that was a primary before it. Must not be running."""
        if self.fenced:
            (self.data / _STANDBY).unlink(missing_ok=True)
            self.fenced = False

    @property
    def is_standby(self) -> bool:
        """Whether its next start is that of a standby; PostgreSQL takes the sign away before it writes for the first time."""
        return (self.data / _STANDBY).exists()

    def lead(self) -> None:
        """Make its next start one that takes writes again, if it is a primary's. Must not be running."""
        self._set(without=(_READ_ONLY,))

    def follow(self, upstream: Upstream) -> None:
        """Make its next start that of a standby of ``upstream``, to which its own log must lead. Must not be running."""
        self._write(_STANDBY, "")
        self.fenced = False
        said = f"primary_conninfo = '{upstream.where} password={upstream.password}'\n"
        self._set(
            f"{said}primary_slot_name = '{upstream.slot}'\n", without=(*_UPSTREAM_SETTINGS, _READ_ONLY, SYNCHRONOUS)
        )

    def forget_setting(self, name: str) -> None:
        """Take away a setting that came with a copy of another server's data. Must not be running."""
        self._set(without=(name,))

    def stand_alone(self) -> None:
        """Make its next start that of a server that follows nobody and takes writes. Must not be running."""
        (self.data / _STANDBY).unlink(missing_ok=True)
        self.fenced = False
        self._set(without=(*_UPSTREAM_SETTINGS, _READ_ONLY))

    async def rewind(self, source: str, *, limit_s: float = 120.0) -> str:
        """Take its data back to where its history parts from that of ``source`` (a connection string), and on along that.

        Returns what pg_rewind said. Its settings are the source's afterwards: call ``configure``. Must not be running.
        """
        place = conninfo_to_dict(source)
        environment = {**_PLAIN, "PGPASSWORD": str(place.pop("password", ""))}
        arguments = ["-D", str(self.data), f"--source-server={make_conninfo('', **place)}", "--no-sync"]
        return await run(
            self._binaries, self._account, "pg_rewind", arguments, environment=environment, limit_s=limit_s
        )

    async def last_checkpoint(self) -> str:
        """Where the checkpoint of an orderly shutdown is in its log. Raises ``EstateError`` when there was no such shutdown."""
        said = await run(self._binaries, self._account, "pg_controldata", ["-D", str(self.data)], environment=_PLAIN)
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in said.splitlines())}
        state = facts.get("Database cluster state")
        if state != "shut down":
            raise EstateError(f"{self.name} was not shut down in order, its state is: {state}")
        return facts["Latest checkpoint location"]

    async def copy_from(self, upstream: Upstream, *, limit_s: float = 120.0) -> None:
        """Become a standby: a base backup of the upstream, with a replication slot there, and its settings changed to ours."""
        self.data.mkdir(mode=0o700)
        self._account.own(self.data)
        arguments = ["-d", upstream.where, "-D", str(self.data), "-X", "stream", "-R", "-C", "-S", upstream.slot]
        arguments += ["--checkpoint=fast", "--no-sync"]  # a lab survives kill -9, not a power cut
        environment = {**os.environ, "PGPASSWORD": upstream.password}
        await run(self._binaries, self._account, "pg_basebackup", arguments, environment=environment, limit_s=limit_s)
        self.configure()

    def _is_ready(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
        return False

    def _set(self, text: str = "", *, without: tuple[str, ...]) -> None:
        auto = self.data / "postgresql.auto.conf"
        lines = auto.read_text().splitlines(keepends=True) if auto.exists() else []
        kept = [line for line in lines if not line.lstrip().startswith(without)]
        self._write("postgresql.auto.conf", "".join(kept) + text)

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        self._account.own(path)


async def run(
    binaries: Binaries,
    account: Account,
    program: str,
    arguments: list[str],
    *,
    environment: dict[str, str] | None = None,
    limit_s: float = 60.0,
) -> str:
    """Run one of PostgreSQL's programs to its end, and return what it said. Raises ``EstateError`` with that when it fails."""
    process = await asyncio.create_subprocess_exec(
        binaries[program],
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        preexec_fn=process_tree.dying_with_me(),
        **account.popen_options(),
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), limit_s)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise EstateError(f"PostgreSQL's {program} did not end within {limit_s:g} s") from error
    words = said.decode(errors="replace").strip()
    if process.returncode != 0:
        raise EstateError(f"PostgreSQL's {program} failed with status {process.returncode}: {words}")
    return words
