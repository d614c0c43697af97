"""A running gateway with what it asks of the lab: two PostgreSQL servers, and doors that can be shut."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg
import pytest
from botocore.config import Config

from drdrill.lab import process_tree
from drdrill.lab.postgres.account import Account, server_account
from drdrill.lab.postgres.binaries import Binaries, find_binaries, usable_by
from drdrill.lab.postgres.shared_memory import remove_segment
from drdrill.model.estate import Address
from drdrill.model.target import Target
from drdrill.waiting import wait_until

MUMBAI, HYDERABAD = "ap-south-1", "ap-south-2"
HOST = f"127.{110 + os.getpid() % 90}.{os.getpid() // 90 % 250}.1"
TOKEN = "a-token-of-the-tests"
EDGES = {MUMBAI: "127.0.0.101", HYDERABAD: "127.0.0.102"}
PORTS = {MUMBAI: 25432, HYDERABAD: 25433}
SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
wal_level = replica
wal_retrieve_retry_interval = 200ms
shared_buffers = 16MB
max_connections = 40
"""


class Door:
    """A small aiohttp server, standing for a load balancer, that can be shut and opened again."""

    def __init__(self, port: int, code: str) -> None:
        self.address = Address(host=HOST, port=port)
        self._command = [sys.executable, "-c", code, HOST, str(port)]
        self._process: psutil.Popen | None = None

    def open(self) -> None:
        self._process = psutil.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def shut(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.suspend()


BALANCER = """
import sys
from aiohttp import web
targets = [{"target": f"{sys.argv[1]}:{9000 + n}", "healthy": n != 4, "reason": "" if n != 4 else "Target.FailedHealthChecks"}
           for n in range(5)]
application = web.Application()
async def ready(request): return web.Response(text="ready")
async def lb(request): return web.json_response(targets)
async def say(application): print("ready", flush=True)
application.router.add_get("/ready", ready)
application.router.add_get("/lb/targets", lb)
web.run_app(application, host=sys.argv[1], port=int(sys.argv[2]), print=lambda *_: print("ready", flush=True))
"""


class Postgres:
    """One PostgreSQL server of the tests."""

    def __init__(self, folder: Path, binaries: Binaries, account: Account, region: str) -> None:
        self.port = PORTS[region]
        self.data = folder / f"data-{region}"
        self.log = folder / f"log-{region}"
        self._binaries = binaries
        self._account = account
        self._process: psutil.Popen | None = None

    @property
    def dsn(self) -> str:
        return f"host={HOST} port={self.port} user=postgres dbname=postgres"

    def make(self) -> None:
        self._run("initdb", "-k", "-D", str(self.data), "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)

    def copy(self, primary: Postgres) -> None:
        command = ["-D", str(self.data), "-d", primary.dsn, "-R", "-C", "-S", "copy", "-c", "fast", "-X", "stream"]
        self._run("pg_basebackup", *command)

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [self._binaries["postgres"], "-D", str(self.data), "-p", str(self.port)]
            self._process = psutil.Popen(command, stdout=log, stderr=log, **self._account.popen_options())
        wait_until("PostgreSQL takes connections", self._answers, limit_s=20, every_s=0.01, seen=self.log.read_text)

    def kill(self) -> None:
        if self._process is not None:
            process_tree.kill([self._process])
            self._process.wait()
            self._process = None
            remove_segment(self.data)
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def run(self, statement: str) -> Any:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._binaries[program], *arguments]
        subprocess.run(command, check=True, capture_output=True, **self._account.popen_options())


class RunningGateway:
    """The process under test, and the ways to speak to it."""

    def __init__(self, folder: Path, target: Target, databases: dict[str, str], doors: dict[str, Door]) -> None:
        self.folder = folder
        self.target = target
        self.dns = Address(host=HOST, port=25353)
        self.document = {
            "bind": HOST,
            "port": 28602,
            "internal_port": 28603,
            "token": TOKEN,
            "dns": self.dns.model_dump(),
            "target": target.model_dump(mode="json"),
            "settings": {
                "health_check_interval_s": 0.2,
                "threshold": 3,
                "ttl_s": 1,
                "workers_per_region": 5,
                "accounts": 1,
            },
            "checkers": {region: str(door.address) for region, door in doors.items()},
            "edges": EDGES,
            "databases": databases,
        }
        self._clients: dict[tuple[str, str], Any] = {}

    def start(self) -> None:
        config = self.folder / "gateway.json"
        config.write_text(json.dumps(self.document))
        command = [sys.executable, "-m", "drdrill.lab.gateway", "--config", str(config)]
        self._log = (self.folder / "gateway.log").open("w")
        self.process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self.process.stdout.readline() == "ready\n", (self.folder / "gateway.log").read_text()

    def stop(self) -> None:
        self.process.terminate()
        status = self.process.wait(10)
        self.process.stdout.close()
        self._log.close()
        for client in self._clients.values():
            client.close()
        assert status == 0
        said = (self.folder / "gateway.log").read_text()
        assert not said, said

    def client(self, service: str, region: str = HYDERABAD, **settings: Any) -> Any:
        key = (service, region)
        if settings or key not in self._clients:
            options = {"connect_timeout": 1, "read_timeout": 10, "retries": {"total_max_attempts": 1}, **settings}
            made = boto3.Session(region_name=region, aws_access_key_id="k", aws_secret_access_key="s").client(
                service, endpoint_url=f"http://{HOST}:28602", config=Config(**options)
            )
            if settings:
                return made
            self._clients[key] = made
        return self._clients[key]

    def admin(self, method: str, path: str, document: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(HOST, 28603, timeout=5)
        try:
            connection.request(method, path, json.dumps(document), {"X-Lab-Token": token})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def darken(self, region: str, dark: bool = True) -> None:
        assert self.admin("POST", "/dark", {"region": region, "dark": dark})[0] == 200

    def status(self) -> Any:
        return self.admin("GET", "/status")[1]

    def trail(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "api-calls.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def doors() -> Iterator[dict[str, Door]]:
    both = {MUMBAI: Door(28062, BALANCER), HYDERABAD: Door(28063, BALANCER)}
    for door in both.values():
        door.open()
    yield both
    for door in both.values():
        door.shut()


@pytest.fixture(scope="module")
def gateway(lab_target: Target, doors: dict[str, Door], tmp_path_factory: Any) -> Iterator[RunningGateway]:
    """A gateway whose databases do not run."""
    databases = {region: f"host={HOST} port={port} user=postgres" for region, port in PORTS.items()}
    running = RunningGateway(tmp_path_factory.mktemp("gateway"), lab_target, databases, doors)
    running.start()
    yield running
    running.stop()


class Pair:
    """Mumbai writes, Hyderabad follows, and a gateway knows both."""

    def __init__(self, mumbai: Postgres, hyderabad: Postgres, gateway: RunningGateway) -> None:
        self.mumbai = mumbai
        self.hyderabad = hyderabad
        self.gateway = gateway

    def arn(self, region: str) -> str:
        target = self.gateway.target
        return f"arn:aws:rds:{region}:{target.account_id}:cluster:{target.aurora.clusters[region]}"

    def global_cluster(self) -> Any:
        answer = self.gateway.client("rds").describe_global_clusters(GlobalClusterIdentifier="bank-ledger")
        return answer["GlobalClusters"][0]

    def cluster(self, region: str) -> Any:
        return self.gateway.client("rds", region).describe_db_clusters()["DBClusters"][0]


@pytest.fixture(scope="session")
def postgres_programs() -> Iterator[tuple[Binaries, Account]]:
    with tempfile.TemporaryDirectory() as spare:
        Path(spare).chmod(0o755)
        account = server_account()
        yield usable_by(find_binaries(None), account, Path(spare)), account


@pytest.fixture
def pair(
    postgres_programs: tuple[Binaries, Account], lab_target: Target, doors: dict[str, Door], tmp_path: Path
) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgres_programs[1].own(folder)
        folder.chmod(0o755)
        mumbai, hyderabad = (Postgres(folder, *postgres_programs, region) for region in (MUMBAI, HYDERABAD))
        try:
            mumbai.make()
            mumbai.start()
            mumbai.run("CREATE TABLE payment (n int)")
            hyderabad.copy(mumbai)
            hyderabad.start()
            databases = {MUMBAI: mumbai.dsn, HYDERABAD: hyderabad.dsn}
            running = RunningGateway(tmp_path, lab_target, databases, doors)
            running.start()
            yield Pair(mumbai, hyderabad, running)
            running.stop()
        finally:
            mumbai.kill()
            hyderabad.kill()


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition that is a lambda."""

    def wait(awaited: str, look: Callable[[], Any], limit_s: float = 10.0) -> Any:
        return wait_until(awaited, look, limit_s=limit_s, every_s=0.02)

    return wait
