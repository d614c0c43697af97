"""The Data Guard adapter against documented result sets: no server has answered here."""

from __future__ import annotations

import oracledb
import pytest
from tests.native.replay import Replay, documented

from drdrill.errors import Unprovable
from drdrill.native.oracle import CHECK_STATEMENTS, Oracle, interval_s, named

DATABASE, STATS, SWITCHOVER = (
    documented(f"oracle_{name}.json") for name in ("database", "dataguard_stats", "switchover")
)


def replay(
    *roles: str, stats: tuple[str, ...] = ("first",), standbys: tuple[str, ...] = ("CHICAGO",), errors: dict[str, Exception] | None = None
) -> Replay:  # fmt: skip
    return Replay(
        {
            "v$instance": (["VERSION_FULL"], [[["19.21.0.0.0"]]]),
            "v$dataguard_config": (["DB_UNIQUE_NAME"], [[[name] for name in standbys]]),
            "v$dataguard_stats": (STATS["columns"], [STATS["results"][name] for name in stats]),
            "v$database": (DATABASE["columns"], [DATABASE["results"][role] for role in roles]),
        },
        errors,
    )


def oracle(session: Replay) -> Oracle:
    return Oracle("ap-south-2", "oracle://operator@here/ledger", connect=lambda _url: session, datum_moves_s=0.6)


def test_a_lag_with_a_stale_datum_time_is_unknown_and_never_small() -> None:
    state = oracle(replay("standby", stats=("first",))).look()
    assert (state.role, state.receiving, state.lag_s) == ("standby", False, None)


def test_a_lag_is_believed_while_datum_time_moves() -> None:
    state = oracle(replay("standby", stats=("first", "later"))).look()
    assert (state.receiving, state.lag_s, state.accepts_writes) == (True, 90.0, False)


def test_a_switchover_is_verified_first() -> None:
    session = replay("primary")
    assert oracle(session).fence() == "CHICAGO"
    assert session.changes == [SWITCHOVER["verify"], SWITCHOVER["verify"].removesuffix(" VERIFY")]


def test_a_switchover_whose_verify_fails_sends_nothing_more() -> None:
    session = replay("primary", errors={SWITCHOVER["verify"]: oracledb.DatabaseError(SWITCHOVER["error"])})
    with pytest.raises(Unprovable, match="it is not fenced: ORA-16470"):
        oracle(session).fence()
    assert session.sent[-1] == SWITCHOVER["verify"]


@pytest.mark.parametrize("standbys", [(), ("CHICAGO", "DELHI"), ('X" VERIFY; --',)])
def test_a_switchover_without_one_plain_target_sends_nothing(standbys: tuple[str, ...]) -> None:
    session = replay("primary", standbys=standbys)
    with pytest.raises(Unprovable):
        oracle(session).fence()
    assert session.changes == []


def test_a_standby_is_not_promoted_without_a_switchover_or_accepted_loss() -> None:
    session = replay("standby")
    with pytest.raises(Unprovable, match="was not promoted: it is PHYSICAL STANDBY"):
        oracle(session).promote(accept_loss=False, limit_s=1)
    assert session.changes == []


def test_a_failover_goes_to_the_standby_itself_and_opens_it() -> None:
    session = replay("standby", "opened")
    oracle(session).promote(accept_loss=True, limit_s=1)
    assert session.changes == ["ALTER DATABASE FAILOVER TO CHICAGO", "ALTER DATABASE OPEN"]


def test_after_a_switchover_the_new_primary_is_only_opened() -> None:
    session = replay("standby", "standby", "switched", "switched", "opened")
    oracle(session).until_received("CHICAGO", limit_s=2)
    oracle(session).promote(accept_loss=False, limit_s=1)
    assert session.changes == ["ALTER DATABASE OPEN"]


def test_the_checks_send_only_what_they_list() -> None:
    session = replay("primary")
    assert all(check.ok for check in oracle(session).checks())
    assert set(session.sent) <= {" ".join(statement.split()) for statement in CHECK_STATEMENTS}
    stale = oracle(replay("standby")).checks()
    assert [check.name for check in stale if not check.ok] == ["receives the primary's redo"]


@pytest.mark.parametrize("name", ["", "1X", "A B", "A;DROP", 'A"', "A" * 31, "Ä"])
def test_a_name_that_needs_quotes_is_refused(name: str) -> None:
    with pytest.raises(Unprovable, match="nothing was sent"):
        named(name)


@pytest.mark.parametrize(
    ("value", "seconds"), [("+00 00:00:00", 0.0), ("+01 02:03:04.5", 93784.5), ("-00 00:00:01", -1.0), ("", None), (None, None), ("28", None)]
)  # fmt: skip
def test_an_interval_is_seconds_and_anything_else_is_unknown(value: str | None, seconds: float | None) -> None:
    assert interval_s(value) == seconds
