"""The self-check of a bank's own server: what it finds, how it ends, and that it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.lab.bank.conftest import HOST
from tests.native.mariadb import PASSWORD, installed, open_pair
from tests.survivors.postgres import open_server

from drdrill.cli import main
from drdrill.doctor import exit_status
from drdrill.native.state import Check


def doctor(engine: str, address: str, password: str = PASSWORD) -> Result:
    environment = {"DRDRILL_NATIVE_PASSWORD": password, "COLUMNS": "200"}
    return CliRunner().invoke(main, ["doctor", "--native", engine, address], env=environment)


@pytest.mark.parametrize(
    ("seen", "status"), [((True, True), 0), ((True, False), 1), ((None, False), 1), ((True, None), 2), ((), 2)]
)
def test_the_exit_status_is_that_of_the_worst_check(seen: tuple[bool | None, ...], status: int) -> None:
    assert exit_status([Check(name="a", ok=ok, seen="") for ok in seen]) == status


@pytest.mark.parametrize("engine", ["postgresql", "mariadb", "oracle", "sql-server"])
def test_a_server_that_does_not_answer_is_told(engine: str) -> None:
    result = doctor(engine, "operator@127.0.0.1:1/postgres")
    assert result.exit_code == 2
    assert "nothing could be checked" in result.stderr


@pytest.mark.parametrize("engine", ["oracle", "sql-server"])
def test_the_listed_statements_only_read(engine: str) -> None:
    result = CliRunner().invoke(main, ["doctor", "--native", engine, "--statements", "operator@here"])
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines and all(line.startswith("SELECT ") for line in lines), lines


@pytest.mark.parametrize(
    ("address", "told"), [("operator:secret@127.0.0.1", "a password on a command line"), ("here", "not of the form")]
)
def test_an_address_that_is_none_is_refused(address: str, told: str) -> None:
    result = doctor("mariadb", address)
    assert result.exit_code == 4
    assert told in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.lab
@pytest.mark.skipif(not installed(), reason="no MariaDB server is installed here (apt-get install mariadb-server)")
def test_a_good_pair_of_mariadb_is_right_and_stays_as_it_was(tmp_path: Path) -> None:
    with open_pair(tmp_path) as pair:
        before = [server.ask("SELECT @@gtid_binlog_state, @@read_only") for server in pair]
        results = [doctor("mariadb", f"operator@127.0.0.1:{server.port}") for server in pair]
        assert [result.exit_code for result in results] == [0, 0], [result.output for result in results]
        assert "follows by GTID" in results[1].stdout
        assert [server.ask("SELECT @@gtid_binlog_state, @@read_only") for server in pair] == before
        pair[1].ask("STOP REPLICA IO_THREAD")
        assert doctor("mariadb", f"operator@127.0.0.1:{pair[1].port}").exit_code == 1


@pytest.mark.lab
def test_a_postgresql_without_a_standby_is_told_and_stays_as_it_was() -> None:
    with open_server(5479) as server:
        server.ask("CREATE ROLE operator LOGIN PASSWORD 'of-a-test'", database="postgres")
        server.ask("CHECKPOINT", database="postgres")
        before = server.ask("SELECT xmin, rolname FROM pg_authid ORDER BY rolname", database="postgres")
        result = doctor("postgresql", f"operator@{HOST}:5479/postgres")
        assert result.exit_code == 1, (result.stdout, result.stderr)
        assert "GRANT pg_monitor TO operator" in result.stdout
        assert before == server.ask("SELECT xmin, rolname FROM pg_authid ORDER BY rolname", database="postgres")
