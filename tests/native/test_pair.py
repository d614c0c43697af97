"""Two PostgreSQL servers that only SQL moves: what promotes, what fences, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.lab.conftest import TARGET

from drdrill.errors import Unprovable
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.strategy import Strategy
from drdrill.model.target import Native
from drdrill.native.opening import native_writer, replica_in
from drdrill.runbooks.native import hand_over
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab
MUMBAI, HYDERABAD = TARGET.regions
NATIVE = TARGET.model_copy(update={"native": Native(engine="postgresql")})
SETTINGS = LabSettings(strategy=Strategy(data="native-replication", application="warm-standby"))


@pytest.fixture
def pair() -> Iterator[Lab]:
    """A fresh pair: every test moves it."""
    with Lab.open(NATIVE, settings=SETTINGS) as lab:
        yield lab


def writes(lab: Lab, region: str) -> bool:
    """Whether the server really takes a write of the lab's own hand."""
    return lab.control.database(region).accepts_writes is True


def test_a_planned_exchange_leaves_one_writer_with_everything(pair: Lab) -> None:
    """Fence, position, promotion; the old primary then refuses what a client sends, and turned round it follows."""
    mumbai, hyderabad = (replica_in(pair.estate, region) for region in (MUMBAI, HYDERABAD))
    assert all(check.ok for replica in (mumbai, hyderabad) for check in replica.checks())
    assert native_writer(pair.estate, MUMBAI) == native_writer(pair.estate, HYDERABAD) == MUMBAI

    hyderabad.until_received(mumbai.fence(), limit_s=10)
    assert mumbai.look().accepts_writes is False
    hyderabad.promote(accept_loss=True, limit_s=20)

    assert hyderabad.look().accepts_writes
    assert native_writer(pair.estate, HYDERABAD) == HYDERABAD
    assert native_writer(pair.estate, MUMBAI) is None
    with psycopg.connect(pair.estate.operators[MUMBAI]) as client, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        client.execute("CREATE TABLE never (x int)")
    pair.control.rejoin_database(MUMBAI, None)
    wait_until("Mumbai follows", lambda: mumbai.look().receiving, limit_s=20, seen=mumbai.look)
    assert native_writer(pair.estate, MUMBAI) == HYDERABAD


def test_a_standby_whose_primary_lives_is_not_promoted_unasked(pair: Lab) -> None:
    """Nor is a primary promoted, nor one that has not received all of a fenced primary's log."""
    mumbai, hyderabad = (replica_in(pair.estate, region) for region in (MUMBAI, HYDERABAD))
    with pytest.raises(Unprovable, match="its primary is alive and sends its log; fence the primary first"):
        hyderabad.promote(accept_loss=False, limit_s=5)
    with pytest.raises(Unprovable, match="it is no standby"):
        mumbai.promote(accept_loss=True, limit_s=5)

    pair.control.cut([f"{HYDERABAD}>{MUMBAI}:replication"])
    with pytest.raises(Unprovable, match="replayed the log up to"):
        hyderabad.until_received("FFFF/0", limit_s=0.3)
    assert writes(pair, MUMBAI)
    assert not writes(pair, HYDERABAD)


def test_an_exchange_that_cannot_be_finished_leaves_the_old_primary_writing(pair: Lab) -> None:
    """Its log does not arrive: nobody was promoted, so the fence is taken back, and both are as before."""
    mumbai, hyderabad = (replica_in(pair.estate, region) for region in (MUMBAI, HYDERABAD))
    pair.control.cut([f"{HYDERABAD}>{MUMBAI}:replication"], "reset")
    assert writes(pair, MUMBAI), "and so its log goes on beyond what the standby has"
    with pytest.raises(Unprovable, match="the old primary takes writes again"):
        hand_over(mumbai, hyderabad, limit_s=0.5)
    assert writes(pair, MUMBAI)
    assert mumbai.look().accepts_writes
    assert not writes(pair, HYDERABAD)


def test_a_standby_that_receives_nothing_does_not_call_itself_in_step(pair: Lab) -> None:
    """Received and replayed are the same place when nothing comes in: this is not a lag of 0."""
    hyderabad = replica_in(pair.estate, HYDERABAD)
    wait_until("it is in step", lambda: hyderabad.look().lag_s is not None, limit_s=10, seen=hyderabad.look)
    pair.control.cut([f"{HYDERABAD}>{MUMBAI}:replication"], "reset")
    wait_until("it receives nothing", lambda: hyderabad.look().receiving is not True, limit_s=10, seen=hyderabad.look)
    assert hyderabad.look().lag_s is None
    assert [check.name for check in hyderabad.checks() if not check.ok] == ["receives the primary's log"]


def test_a_standby_that_has_replayed_all_it_received_may_be_behind(pair: Lab) -> None:
    """On a slow link received and replayed are the same place, and yet a second of log is missing."""
    hyderabad = replica_in(pair.estate, HYDERABAD)
    pair.control.delay([f"{HYDERABAD}>{MUMBAI}:replication"], 1.0, "backward")

    def behind() -> bool:
        lag_s = hyderabad.look().lag_s
        return lag_s is not None and lag_s > 0.9

    wait_until("the standby says that it is behind", behind, limit_s=20, seen=hyderabad.look)


def test_a_server_that_does_not_answer_is_not_known(pair: Lab) -> None:
    """And an old primary that cannot be reached is not fenced."""
    pair.control.cut([f"operators>ledger-{MUMBAI}"], "reset")
    with pytest.raises(Unprovable, match=f"{MUMBAI}: its state is not known"):
        native_writer(pair.estate, MUMBAI)
    with pytest.raises(Unprovable, match="it is not fenced"):
        replica_in(pair.estate, MUMBAI).fence()
    assert writes(pair, MUMBAI)
