"""What is planned loses nothing; what is lost with a region that is behind grows with how far it was behind."""

import allure
import pytest
from scenarios.auditor import Auditor
from scenarios.broken import convicted

from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse, Rehearsed

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Aurora Global Database"),
    allure.label("strategy", "aurora-global"),
]

WRITES_PER_S = 40.0
"""Payments a second in both drills of a slow link: half of the load, and the prober's."""


@allure.label("disaster", "planned-switchover")
@allure.title("A planned switchover pauses writes and loses nothing; SQL of another hand says the same")
def test_a_planned_switchover_loses_nothing(drill: Rehearse, auditor: Auditor) -> None:
    """RPO 0: every acknowledged payment is in Hyderabad's books, and Mumbai follows Hyderabad in the end."""
    rehearsed = drill("experiments/aurora-global-switchover.yaml", inspect=auditor)

    rehearsed.must_pass()
    kept = rehearsed.judgement.loss.classes["kept"].operations
    assert (auditor.lost, auditor.acked) == (0, kept)
    assert kept > 100
    assert rehearsed.finding("rpo").verdict is Verdict.PASS
    (transfer,) = [each for each in rehearsed.judgement.recoveries if each.journey == "transfer"]
    assert transfer.state == "restored", "writes pause while the roles are exchanged"
    assert [phase.name for phase in transfer.phases] == ["stop writing", "promote", "route", "warm up"]
    assert f"none of the {kept:,} acknowledged payments was lost" in rehearsed.report.read_text()


@pytest.mark.prove
@allure.label("disaster", "planned-switchover")
@allure.title("The call that may lose data, taken for a planned exchange, is convicted of what it lost")
def test_a_switchover_by_force_is_convicted(drill: Rehearse, auditor: Auditor) -> None:
    """Hyderabad was a second behind."""
    rehearsed = drill("scenarios/sabotaged/switchover-by-force.yaml", inspect=auditor)

    assert convicted(rehearsed, "loss").startswith("Too much was lost: ")
    assert convicted(rehearsed, "rpo").startswith("RPO missed: ")
    lost = rehearsed.judgement.loss.classes["lost"]
    assert (lost.operations, lost.paise) == (auditor.lost, auditor.lost_paise)
    assert auditor.lost > 5


@pytest.mark.prove
@allure.label("disaster", "region-loss")
@allure.title("A region that is a second behind loses about a second of payments, and may, with an objective of three")
def test_a_region_that_is_behind_loses_what_it_had_not_received(drill: Rehearse, auditor: Auditor) -> None:
    """The report says what the metric had said beside what was really lost."""
    behind = drill("experiments/aurora-global-region-loss-behind.yaml", inspect=auditor)

    behind.must_pass()
    grows_with_the_lag(behind, auditor, 1.0)
    page = behind.report.read_text()
    told = page[page.index('id="money"') :]
    assert f"<dd>{auditor.lost}</dd>" in told, "the observation"
    assert "AuroraGlobalDBReplicationLag" in told, "and the metric beside it"


@pytest.mark.prove
@allure.label("disaster", "region-loss")
@allure.title("Two seconds behind with an objective of one second: twice as much is lost, and RPO is missed")
def test_a_lag_beyond_the_objective_is_convicted(drill: Rehearse, auditor: Auditor) -> None:
    """The age of the oldest lost payment says so, and the metric had said so before."""
    rehearsed = drill("scenarios/sabotaged/lag-beyond-the-objective.yaml", inspect=auditor)

    grows_with_the_lag(rehearsed, auditor, 2.0)
    rpo = rehearsed.finding("rpo")
    assert convicted(rehearsed, "rpo").startswith("RPO missed: the oldest lost write had been acked")
    assert rpo.interval is not None and rpo.interval.low > 1.5


def grows_with_the_lag(rehearsed: Rehearsed, auditor: Auditor, lag_s: float) -> None:
    """Demand a loss that is the lag times the payments a second, as the metric had said, and the database agrees."""
    loss = rehearsed.judgement.loss
    assert (loss.classes["lost"].operations, loss.classes["lost"].paise) == (auditor.lost, auditor.lost_paise)
    assert 0.7 * lag_s * WRITES_PER_S < auditor.lost < 1.4 * lag_s * WRITES_PER_S
    assert loss.lag_metric_s is not None and 0.9 * lag_s < loss.lag_metric_s < 1.5 * lag_s
