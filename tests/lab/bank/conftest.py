"""A real PostgreSQL, a real bank before it, and clients that remember what they were promised."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.bank.seed import prepare
from drdrill.lab.postgres.account import Account, server_account
from drdrill.lab.postgres.binaries import Binaries, find_binaries, usable_by
from drdrill.lab.postgres.shared_memory import remove_segment
from drdrill.waiting import wait_until

ACCOUNTS = 40
OPENING_PAISE = 10_000_000
HOST = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.1"
SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
fsync = on
wal_level = replica
shared_buffers = 16MB
max_connections = 60
"""


class Server:
    """One PostgreSQL server of the tests."""

    def __init__(self, folder: Path, binaries: Binaries, account: Account, port: int) -> None:
        self.data = folder / f"data-{port}"
        self.port = port
        self._log = folder / f"log-{port}"
        self._binaries = binaries
        self._account = account
        self._process: psutil.Popen | None = None

    def dsn(self, database: str = "bank", user: str = "postgres") -> str:
        return f"host={HOST} port={self.port} user={user} dbname={database}"

    def make(self) -> None:
        self._run(
            "initdb",
            "-k",
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "--no-locale",
            "-E",
            "UTF8",
        )
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)

    def copy(self, primary: Server) -> None:
        self._run(
            "pg_basebackup", "-D", str(self.data), "-d", primary.dsn("postgres"), "-R", "-c", "fast", "-X", "stream"
        )

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [self._binaries["postgres"], "-D", str(self.data), "-p", str(self.port)]
            self._process = psutil.Popen(command, stdout=log, stderr=log, **self._account.popen_options())
        wait_until("PostgreSQL takes connections", self.answers, limit_s=20, every_s=0.005, seen=self._log.read_text)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def freeze(self) -> None:
        assert self._process is not None
        process_tree.freeze([self._process])

    def thaw(self) -> None:
        assert self._process is not None
        process_tree.thaw([self._process])

    def kill(self) -> None:
        if self._process is not None:
            process_tree.kill([self._process])
            self._process.wait()
            remove_segment(self.data)
            self._process = None

    def forget(self) -> None:
        """Remove the data of a killed server, so that another one can be made in its place."""
        shutil.rmtree(self.data)

    def ask(self, question: str, values: tuple[object, ...] = (), database: str = "bank") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            cursor = connection.execute(question, values)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries[program], *arguments], capture_output=True, text=True, **self._account.popen_options()
        )
        assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Heard:
    """What a client heard: status (None: nothing), document, and how long it took."""

    status: int | None
    document: dict[str, Any]
    took_s: float

    @property
    def promise(self) -> str | None:
        return self.document.get("promise")


def request(address: str, method: str, path: str, document: object = None) -> Heard:
    """One request on a connection of its own."""
    began = time.monotonic()
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request(method, path, None if document is None else json.dumps(document))
        with connection.getresponse() as answer:
            text = answer.read()
            status, kind = answer.status, answer.headers.get("Content-Type", "")
    except (OSError, http.client.HTTPException):
        return Heard(None, {}, time.monotonic() - began)
    finally:
        connection.close()
    return Heard(status, json.loads(text) if "json" in kind else {}, time.monotonic() - began)


@dataclass
class Bank:
    """A running bank."""

    server: Server
    addresses: list[str]
    process: psutil.Popen
    log: Path
    heard: dict[int, Heard] = field(default_factory=dict)
    asked: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def workers(self) -> list[psutil.Process]:
        return self.process.children()

    def ask(self, method: str, path: str, document: object = None, worker: int = 0) -> Heard:
        return request(self.addresses[worker % len(self.addresses)], method, path, document)

    def transfer(
        self, debit: int = 1, credit: int = 2, amount: int = 100, op: int | None = None, worker: int | None = None
    ) -> Heard:
        with self._lock:
            if op is None:
                self._next += 1
                op = self._next
            turn = self._next if worker is None else worker
            self.asked[op] = (debit, credit, amount)
        document = {"op_id": op, "debit": debit, "credit": credit, "amount_paise": amount}
        self.heard[op] = self.ask("POST", "/transfer", document, turn)
        return self.heard[op]

    def found(self) -> set[int]:
        return {op for (op,) in self.server.ask("SELECT DISTINCT op_id FROM entries")}

    def promised(self, promise: str | None) -> set[int]:
        return {op for op, heard in self.heard.items() if heard.promise == promise}

    def check_promises(self) -> None:
        """Every *done* is in the books, no *not_done* is."""
        found = self.found()
        assert self.promised("done") - found == set(), "lost"
        assert self.promised("not_done") & found == set(), "ghosts"

    def check_books(self) -> None:
        """Nothing was created or destroyed, and every balance follows from its entries."""
        rows = self.server.ask(
            "SELECT a.account, opening_paise, balance_paise, a.seq, coalesce(sum(amount_paise), 0), count(entry_id),"
            " coalesce(max(e.seq), 0) FROM accounts a LEFT JOIN entries e USING (account) GROUP BY a.account"
        )
        assert sum(row[2] for row in rows) == ACCOUNTS * OPENING_PAISE
        for account, opening, balance, seq, booked, entries, last in rows:
            assert balance == opening + booked >= 0, account
            assert seq == entries == last, account
        odd = self.server.ask("SELECT op_id FROM entries GROUP BY op_id HAVING count(*) <> 2 OR sum(amount_paise) <> 0")
        assert odd == []

    def writable_again(self, limit_s: float = 10.0) -> None:
        wait_until("a transfer is done", lambda: self.transfer().promise == "done", limit_s=limit_s, every_s=0.002)


@contextlib.contextmanager
def customers(bank: Bank, number: int = 24) -> Iterator[None]:
    """Customers who transfer at random, each when the last transfer is over, until the block ends."""
    over = threading.Event()

    def shop(seed: int) -> None:
        draw = random.Random(seed)
        while not over.is_set():
            debit, credit = draw.sample(range(ACCOUNTS), 2)
            if bank.transfer(debit, credit, draw.randrange(1, 100_000)).status is None:
                over.wait(0.01)

    threads = [threading.Thread(target=shop, args=(seed,)) for seed in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[int], Server]]:
    """Makes servers: each on its own port, without data yet."""
    try:
        account = server_account()
        found = find_binaries(None)
    except EstateError as error:
        pytest.fail(str(error))
    made: list[Server] = []
    with tempfile.TemporaryDirectory(prefix="bank-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        home = folder / "clusters"
        home.mkdir()
        account.own(home)
        binaries = usable_by(found, account, folder / "programs")

        def make(port: int) -> Server:
            made.append(Server(home, binaries, account, port))
            return made[-1]

        try:
            yield make
        finally:
            for server in made:
                server.kill()


@pytest.fixture(scope="session")
def _primary(servers: Callable[[int], Server]) -> Server:
    server = servers(5432)
    server.make()
    server.start()
    return server


@pytest.fixture
def server(_primary: Server) -> Server:
    """A running PostgreSQL server without a bank."""
    if not _primary.answers():  # a test that failed left it frozen, or dead
        _primary.kill()
        _primary.start()
    for statement in (
        "DROP DATABASE IF EXISTS bank WITH (FORCE)",
        "DROP ROLE IF EXISTS bank",
        "DROP ROLE IF EXISTS auditor",
    ):
        _primary.ask(statement, database="postgres")
    return _primary


OpenBank = Callable[..., Bank]


@pytest.fixture
def open_bank(server: Server, tmp_path: Path) -> Iterator[OpenBank]:
    """Opens banks; ``at`` is the server it uses if not the usual one, which already has books."""
    with contextlib.ExitStack() as stack:

        def open_one(
            *, defect: str = "none", workers: int = 2, at: Server | None = None, first_port: int = 9000, **more: object
        ) -> Bank:
            if at is None:
                prepare(server.dsn("postgres"), ACCOUNTS, opening_paise=OPENING_PAISE, defect=defect)
            bank = start_bank(at or server, tmp_path, defect, workers, first_port, **more)
            stack.callback(stop, bank.process)
            return bank

        yield open_one


def start_bank(server: Server, folder: Path, defect: str, workers: int, first_port: int, **more: object) -> Bank:
    addresses = [f"{HOST}:{first_port + number}" for number in range(workers)]
    config = folder / f"bank-{first_port}.json"
    config.write_text(
        json.dumps(
            {
                "region": "ap-south-1",
                "release": "2026.11",
                "listen": addresses,
                "dsn": server.dsn(user="bank"),
                "defect": defect,
                **more,
            }
        )
    )
    log = folder / f"bank-{first_port}.log"
    with log.open("wb") as errors:
        process = psutil.Popen(
            [sys.executable, "-m", "drdrill.lab.bank", "--config", str(config)], stdout=subprocess.PIPE, stderr=errors
        )
    assert process.stdout.readline() == b"ready\n", log.read_text()
    return Bank(server, addresses, process, log)


def stop(process: psutil.Popen) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(10)
    process.stdout.close()


@pytest.fixture
def busy() -> Callable[[Bank], contextlib.AbstractContextManager[None]]:
    """Traffic on a bank while a block runs."""
    return customers
