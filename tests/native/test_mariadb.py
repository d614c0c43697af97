"""A real MariaDB pair: a failover loses exactly what was not received, a switchover nothing, and a fence holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from tests.native.mariadb import Server, installed, open_pair, until_in_step

from drdrill.errors import Unprovable
from drdrill.native.gtid import never_received
from drdrill.native.mariadb import CHECK_STATEMENTS, MariaDb
from drdrill.runbooks.native import hand_over

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not installed(), reason="no MariaDB server is installed here (apt-get install mariadb-server)"),
]

Pair = tuple[Server, Server]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def adapters(pair: Pair) -> tuple[MariaDb, MariaDb]:
    return MariaDb("ap-south-1", pair[0].url), MariaDb("ap-south-2", pair[1].url)


def acked(server: Server, ids: range) -> None:
    for number in ids:
        server.ask(f"INSERT INTO bank.entries VALUES ({number})", user="bank")


def held(server: Server) -> set[int]:
    return {row[0] for row in server.ask("SELECT id FROM bank.entries")}


def test_a_failover_loses_exactly_what_was_acked_behind_the_cut(pair: Pair) -> None:
    primary, standby = pair
    acked(primary, range(20))
    until_in_step(primary, standby)
    standby.ask("STOP REPLICA IO_THREAD")
    acked(primary, range(20, 27))
    assert adapters(pair)[1].look().lag_s is None, "a standby that receives nothing cannot say how far it is behind"
    adapters(pair)[1].promote(accept_loss=True, limit_s=10)
    acked(standby, range(100, 103))
    assert held(primary) - held(standby) == set(range(20, 27))
    states = [server.ask("SELECT @@gtid_binlog_state")[0][0] for server in pair]
    assert never_received(*states), "the old primary may not follow again: its history parted"


def test_a_switchover_loses_nothing_and_ends_the_sessions_that_write(pair: Pair) -> None:
    primary, standby = pair
    old, new = adapters(pair)
    acked(primary, range(30))
    with pymysql.connect(host="127.0.0.1", port=primary.port, user="bank", password="of-a-test") as writer:
        writer.cursor().execute("INSERT INTO bank.entries VALUES (999)")
        position = old.fence()
        with pytest.raises(pymysql.Error):
            writer.commit()
    with pytest.raises(pymysql.Error, match="read-only"):
        acked(primary, range(998, 999))
    new.until_received(position, limit_s=10)
    new.promote(accept_loss=False, limit_s=10)
    assert held(standby) == set(range(30)) == held(primary)
    assert (old.look().accepts_writes, new.look().accepts_writes, new.look().role) == (False, True, "primary")


def test_without_a_fence_the_old_primary_still_promises(pair: Pair) -> None:
    primary, standby = pair
    adapters(pair)[1].promote(accept_loss=True, limit_s=10)
    assert all(adapter.look().accepts_writes for adapter in adapters(pair)), "both take writes: a split brain"
    acked(primary, range(3))
    assert held(primary) - held(standby) == {0, 1, 2}


def test_an_exchange_that_cannot_be_finished_leaves_the_old_primary_writing(pair: Pair) -> None:
    primary, standby = pair
    old, new = adapters(pair)
    standby.ask("STOP REPLICA IO_THREAD")
    acked(primary, range(4))
    with pytest.raises(Unprovable, match="the old primary takes writes again"):
        hand_over(old, new, limit_s=0.5)
    assert (old.look().accepts_writes, new.look().accepts_writes) == (True, False)
    acked(primary, range(4, 6))


def test_nothing_is_promoted_that_is_not_shown_to_have_everything(pair: Pair) -> None:
    primary, standby = pair
    old, new = adapters(pair)
    with pytest.raises(Unprovable, match="nothing shows that it has everything"):
        new.promote(accept_loss=False, limit_s=5)
    standby.ask("STOP REPLICA IO_THREAD")
    acked(primary, range(4))
    with pytest.raises(Unprovable, match="4 transactions are missing"):
        new.until_received(old.fence(), limit_s=0.3)
    with pytest.raises(Unprovable, match="it is no standby"):
        old.promote(accept_loss=True, limit_s=5)


def test_the_checks_pass_on_a_good_pair_convict_a_bad_one_and_change_nothing(pair: Pair) -> None:
    questions = (
        "SELECT @@gtid_binlog_state, @@read_only",
        "SELECT count(*) FROM information_schema.tables",
        "SHOW GRANTS FOR operator@'127.0.0.1'",
    )
    before = [[server.ask(question) for question in questions] for server in pair]
    for adapter in adapters(pair):
        assert [check for check in adapter.checks() if check.ok is False] == []
    assert [[server.ask(question) for question in questions] for server in pair] == before
    pair[1].ask("STOP REPLICA IO_THREAD")
    pair[1].ask("SET GLOBAL read_only = 0")
    pair[0].ask("REVOKE CONNECTION ADMIN ON *.* FROM operator@'127.0.0.1'")
    convicted = [{check.name for check in adapter.checks() if check.ok is False} for adapter in adapters(pair)]
    assert "has CONNECTION ADMIN" in convicted[0]
    assert convicted[1] == {"receives the primary's log", "refuses writes"}


def test_the_checks_send_only_what_they_list(pair: Pair) -> None:
    """The server's own log of statements is the witness."""
    primary = pair[0]
    primary.ask("SET GLOBAL log_output = 'TABLE'")
    primary.ask("SET GLOBAL general_log = 1")
    adapters(pair)[0].checks()
    primary.ask("SET GLOBAL general_log = 0")
    logged = primary.ask(
        "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' AND user_host LIKE 'operator%'"
    )
    sent = {" ".join(bytes(row[0]).decode().split() if isinstance(row[0], bytes) else row[0].split()) for row in logged}
    listed = {" ".join(statement.split()) for statement in CHECK_STATEMENTS}
    assert listed <= sent
    assert all(statement.upper().startswith(("SET NAMES", "SET AUTOCOMMIT")) for statement in sent - listed)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unprovable, match="ap-south-2: its state is not known"):
        MariaDb("ap-south-2", "mysql://a:b@127.0.0.1:1").look()
