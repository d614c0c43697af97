"""Clusters are made, copied, promoted, fenced and killed for real."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.passwords import ADMIN, connection_string
from drdrill.lab.postgres.account import server_account
from drdrill.lab.postgres.binaries import find_binaries, usable_by
from drdrill.lab.postgres.cluster import Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, look, promote
from drdrill.lab.postgres.shared_memory import segment_of
from drdrill.lab.postgres.template import Books, Template, template
from drdrill.lab.subnet import claim_subnet
from drdrill.model.estate import Address

pytestmark = pytest.mark.lab
BOOKS = Books(accounts=10, opening_paise=1000)


class Ground:
    """A folder that PostgreSQL's account can enter, and addresses for servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account = server_account()
        spare = folder / "postgresql"
        spare.mkdir()
        self.binaries = usable_by(find_binaries(None), self.account, spare)
        self.account.own(folder)
        self.subnet = claim_subnet(18700, [(10, 5432), (20, 5432)])
        self.clusters: list[Cluster] = []

    def cluster(self, name: str, number: int) -> Cluster:
        address = Address(host=self.subnet.host(number), port=5432)
        log = self.folder / f"{name}.log"
        made = Cluster(name, self.folder / name, address, self.binaries, self.account, log)
        self.clusters.append(made)
        return made

    async def template(self, name: str = "spare", number: int = 10) -> Template:
        spare = self.folder / name
        spare.mkdir()
        self.account.own(spare)
        address = Address(host=self.subnet.host(number), port=5432)
        return await template(self.binaries, self.account, address, spare, BOOKS)

    async def primary(self) -> tuple[Cluster, str]:
        made = self.cluster("primary", 10)
        blank = await self.template()
        blank.copy_to(made.data, self.account)
        made.configure()
        await made.start()
        return made, connection_string(made.address, ADMIN, blank.admin_password())


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with tempfile.TemporaryDirectory(prefix="drdrill-test-") as folder:
        made = Ground(Path(folder))
        yield made
        made.subnet.release()


def on_ground(play: Callable[[Ground], Awaitable[None]]) -> Callable[[Ground], None]:
    async def run(ground: Ground) -> None:
        try:
            await play(ground)
        finally:
            for cluster in ground.clusters:
                await cluster.kill()

    def test(ground: Ground) -> None:
        asyncio.run(run(ground))

    test.__name__ = play.__name__
    return test


def segments() -> set[int]:
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {int(line.split()[1]) for line in lines}


async def write(connection: Connection) -> None:
    await connection.execute("UPDATE accounts SET balance_paise = balance_paise + 1 WHERE account = 0")


@on_ground
async def test_a_fresh_primary_takes_writes_and_is_durable(ground: Ground) -> None:
    _, dsn = await ground.primary()
    state = await look(dsn)
    assert (state.running, state.in_recovery, state.accepts_writes) == (True, False, True)

    async def settings(connection: Connection) -> dict[str, str]:
        rows = await (await connection.execute("SELECT name, setting FROM pg_settings")).fetchall()
        return {str(name): str(value) for name, value in rows}

    now = await ask(dsn, settings, limit_s=5)
    wanted = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}
    assert {name: now[name] for name in wanted} == wanted
    assert now["unix_socket_directories"] == ""


@on_ground
async def test_a_standby_follows_refuses_writes_and_is_promoted(ground: Ground) -> None:
    primary, dsn = await ground.primary()
    standby = ground.cluster("standby", 20)
    password = dict(word.split("=", 1) for word in dsn.split())["password"]
    await standby.copy_from(Upstream(primary.address, ADMIN, password, "follower"))
    await standby.start()
    there = connection_string(standby.address, ADMIN, password)
    state = await look(there)
    assert (state.in_recovery, state.accepts_writes) == (True, False)
    await promote(there)
    state = await look(there)
    assert (state.in_recovery, state.accepts_writes) == (False, True)


@on_ground
async def test_a_killed_primary_leaves_no_process_and_no_segment(ground: Ground) -> None:
    before = segments()
    primary, _ = await ground.primary()
    segment = segment_of(primary.data)
    assert segment in segments() - before
    assert primary.child.process is not None
    everybody = process_tree.tree([primary.child.process])
    assert len(everybody) > 3
    await primary.kill()
    assert not any(process_tree.is_alive(process) for process in everybody)
    assert segment not in segments()
    assert segment_of(primary.data) is None


@on_ground
async def test_a_fenced_old_primary_takes_no_writes_and_keeps_its_rows(ground: Ground) -> None:
    primary, dsn = await ground.primary()
    await ask(dsn, write, limit_s=5)
    await primary.kill()
    primary.fence()
    await primary.start()
    state = await look(dsn)
    assert (state.in_recovery, state.accepts_writes) == (True, False)

    async def balance(connection: Connection) -> int:
        row = await (await connection.execute("SELECT balance_paise FROM accounts WHERE account = 0")).fetchone()
        assert row is not None
        return int(row[0])

    assert await ask(dsn, balance, limit_s=5) == BOOKS.opening_paise + 1
    await primary.kill()
    primary.unfence()
    await primary.start()
    assert (await look(dsn)).accepts_writes is True


@on_ground
async def test_a_frozen_server_is_told_within_the_deadline(ground: Ground) -> None:
    primary, dsn = await ground.primary()
    assert primary.child.process is not None
    process_tree.freeze([primary.child.process])
    began = asyncio.get_running_loop().time()
    state = await look(dsn, limit_s=0.5)
    assert asyncio.get_running_loop().time() - began < 2
    assert state.running is False
    assert "did not answer within 0.5 s" in state.said
    process_tree.thaw([primary.child.process])


@on_ground
async def test_a_wrong_password_does_not_come_in(ground: Ground) -> None:
    primary, _ = await ground.primary()
    with pytest.raises(EstateError, match="password authentication failed"):
        await ask(connection_string(primary.address, ADMIN, "wrong"), write, limit_s=5)


@on_ground
async def test_templates_that_are_made_at_the_same_time_do_not_hurt_each_other(ground: Ground) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(os.environ["XDG_CACHE_HOME"])
    first, second = await asyncio.gather(ground.template("one", 10), ground.template("two", 20))
    for number, blank in enumerate((first, second)):
        copy = ground.folder / f"copy-{number}"
        blank.copy_to(copy, ground.account)
        assert (copy / "PG_VERSION").exists()
    assert first.admin_password() == second.admin_password()


@on_ground
async def test_a_damaged_template_is_made_anew(ground: Ground) -> None:
    blank = await ground.template("one")
    (blank.folder / "data" / "PG_VERSION").write_text("")
    again = await ground.template("two")
    assert again.folder == blank.folder
    assert (again.folder / "data" / "PG_VERSION").read_text().strip() == "16"


@on_ground
async def test_a_cache_that_cannot_be_written_is_done_without(ground: Ground) -> None:
    blocked = ground.folder / "not-a-folder"
    blocked.write_text("")
    os.environ["XDG_CACHE_HOME"] = str(blocked)
    before = servers()
    blank = await ground.template()
    assert (blank.folder / "data" / "PG_VERSION").exists()
    assert blank.folder.is_relative_to(ground.folder)
    assert servers() <= before


def servers() -> set[int]:
    """Process ids of the PostgreSQL servers that this test run has started, those of other tests' fixtures among them."""
    return {process.pid for process in psutil.Process().children() if process.name().startswith("postgres")}
