"""The bank finds its database by Aurora's writer endpoint: how long customers wait is a matter of who remembers the old address."""

import allure
import pytest
from scenarios.auditor import Auditor
from scenarios.broken import convicted

from drdrill.pytest_plugin import Rehearse

pytestmark = [
    pytest.mark.lab,
    pytest.mark.prove,
    allure.parent_suite("Aurora Global Database"),
    allure.label("strategy", "aurora-global"),
    allure.label("disaster", "region-loss"),
]

CACHE_S, LONG_CACHE_S = 10.0, 60.0


@allure.title("The endpoint moves with the writer, and the bank follows when its caches have ended")
def test_the_bank_follows_the_writer_endpoint(drill: Rehearse, auditor: Auditor) -> None:
    """The name leads to Hyderabad from the promotion on. Nobody asks the old address for longer than a cache lives."""
    rehearsed = drill("experiments/aurora-global-writer-endpoint.yaml", inspect=auditor)

    rehearsed.must_pass()
    moved = next(mark for mark in rehearsed.judgement.marks if mark.name == "database.writable")
    assert moved.detail["endpoint"].endswith(".rds.amazonaws.com")
    assert moved.detail["before"] != moved.detail["now"]
    (transfer,) = [each for each in rehearsed.judgement.recoveries if each.journey == "transfer"]
    assert transfer.rta_s is not None and transfer.rta_s.high is not None
    assert transfer.rta_s.high < moved.at_s + CACHE_S + 3
    assert auditor.lost == rehearsed.judgement.loss.classes["lost"].operations


@allure.title(
    "A bank that remembers the old address for 60 s misses an RTO of 15 s, though the database was promoted in time"
)
def test_a_bank_that_remembers_for_long_is_convicted(drill: Rehearse, auditor: Auditor) -> None:
    """What was slow is the part "route", and the report says so."""
    rehearsed = drill("scenarios/sabotaged/writer-endpoint-remembered-for-long.yaml", inspect=auditor)

    assert convicted(rehearsed, "rto.transfer").startswith("RTO missed for transfer: payments were down ")
    (transfer,) = [each for each in rehearsed.judgement.recoveries if each.journey == "transfer"]
    spent = {phase.name: phase.ended_s - phase.began_s for phase in transfer.phases}
    assert max(spent, key=lambda name: spent[name]) == "route", spent
    assert spent["promote"] < 5 < spent["route"] < LONG_CACHE_S + 5
    assert auditor.lost == rehearsed.judgement.loss.classes["lost"].operations
