"""The Always On adapter against documented result sets: no server has answered here."""

from __future__ import annotations

import pytest
from tests.native.replay import Replay, documented

from drdrill.errors import Unprovable
from drdrill.native.sql_server import CHECK_STATEMENTS, SqlServer, quoted

STATES = documented("sql_server_replica_states.json")


def replay(replicas: tuple[str, ...], databases: str) -> Replay:
    return Replay(
        {
            "dm_hadr_availability_replica_states": (
                STATES["replica_columns"],
                [STATES["replicas"][name] for name in replicas],
            ),
            "dm_hadr_database_replica_states": (STATES["columns"], [STATES["databases"][databases]]),
        }
    )


def server(session: Replay, group: str = "pay%5Dments") -> SqlServer:
    return SqlServer("ap-south-2", f"mssql://operator@here/{group}", connect=lambda _url: session)


def test_a_primary_tells_what_it_has_not_sent() -> None:
    state = server(replay(("primary",), "of the primary")).look()
    assert (state.role, state.lag_s, state.unsent_bytes, state.accepts_writes) == ("primary", 2.0, 12 * 1024, True)


@pytest.mark.parametrize(("replica", "databases"), [("cut", "ready"), ("secondary", "not flowing")])
def test_the_lag_of_a_secondary_that_receives_nothing_is_unknown(replica: str, databases: str) -> None:
    state = server(replay((replica,), databases)).look()
    assert (state.role, state.receiving, state.lag_s) == ("standby", False, None)


def test_a_planned_failover_is_sent_on_a_ready_secondary_with_its_name_quoted() -> None:
    session = replay(("secondary", "primary"), "ready")
    server(session).promote(accept_loss=False, limit_s=1)
    assert session.changes == ["ALTER AVAILABILITY GROUP [pay]]ments] FAILOVER"]


def test_a_forced_failover_says_so() -> None:
    session = replay(("cut", "primary"), "not ready")
    server(session).promote(accept_loss=True, limit_s=1)
    assert session.changes == ["ALTER AVAILABILITY GROUP [pay]]ments] FORCE_FAILOVER_ALLOW_DATA_LOSS"]


@pytest.mark.parametrize(
    ("replica", "databases", "accept_loss", "told"),
    [
        ("secondary", "not ready", False, "is_failover_ready is 0 for ledger"),
        ("secondary", "reverting", True, "ledger is REVERTING"),
        ("secondary", "initializing", True, "ledger is INITIALIZING"),
        ("secondary", "reverting", False, "is_failover_ready is 0"),
        ("primary", "of the primary", True, "it is no secondary but PRIMARY"),
    ],
)
def test_what_could_lose_or_break_data_is_refused_and_nothing_sent(
    replica: str, databases: str, accept_loss: bool, told: str
) -> None:
    session = replay((replica,), databases)
    with pytest.raises(Unprovable, match=told):
        server(session).promote(accept_loss=accept_loss, limit_s=1)
    assert session.changes == []


def test_there_is_no_fence_and_it_says_so() -> None:
    with pytest.raises(Unprovable, match="is not fenced"):
        server(replay(("primary",), "of the primary")).fence()


def test_the_checks_send_only_what_they_list_and_convict() -> None:
    session = replay(("secondary",), "ready")
    assert all(check.ok for check in server(session).checks())
    assert set(session.sent) == {" ".join(statement.split()) for statement in CHECK_STATEMENTS}
    bad = server(replay(("cut",), "not flowing")).checks()
    assert [check.name for check in bad if not check.ok] == ["is connected", "replicates ledger"]


@pytest.mark.parametrize("name", ["", "a" * 129, "a\0b"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(Unprovable, match="nothing was sent"):
        quoted(name)
