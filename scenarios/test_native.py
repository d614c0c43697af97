"""The bank replicates PostgreSQL by itself: planned exchange, loss of a region, and what a standby lacks that is behind."""

import allure
import pytest
from scenarios.auditor import Auditor

from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Native replication"),
    allure.label("strategy", "native-replication"),
]


@allure.label("disaster", "region-loss")
@allure.title("Mumbai is lost; the bank promotes its own standby, and payments continue from Hyderabad")
def test_payments_continue_from_the_banks_own_standby(drill: Rehearse, auditor: Auditor) -> None:
    """What the judge says of the loss is what SQL of another hand finds."""
    rehearsed = drill("experiments/native-postgresql-region-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    lost = rehearsed.judgement.loss.classes["lost"]
    assert (lost.operations, lost.paise) == (auditor.lost, auditor.lost_paise)
    assert auditor.acked > 100


@allure.label("disaster", "planned-switchover")
@allure.title("The bank exchanges the roles of its servers as planned, and loses nothing")
def test_a_planned_exchange_loses_nothing(drill: Rehearse, auditor: Auditor) -> None:
    """The old primary refuses writes before the standby is promoted, and follows it in the end."""
    rehearsed = drill("experiments/native-postgresql-switchover.yaml", inspect=auditor)

    rehearsed.must_pass()
    assert auditor.lost == 0
    assert auditor.acked > 100
    (transfer,) = [each for each in rehearsed.judgement.recoveries if each.journey == "transfer"]
    assert transfer.state == "restored", "writes pause while the roles are exchanged"


@pytest.mark.prove
@allure.label("disaster", "region-loss")
@allure.title("A standby that is two seconds behind, with an objective of one second: RPO missed")
def test_a_standby_that_is_too_far_behind_is_convicted(drill: Rehearse, auditor: Auditor) -> None:
    """The standby's own estimate had said so before, and the database counts the same loss."""
    rehearsed = drill("scenarios/sabotaged/native-lag-beyond-the-objective.yaml", inspect=auditor)

    rpo, loss = rehearsed.finding("rpo"), rehearsed.judgement.loss
    assert rpo.verdict is Verdict.FAIL, rpo.reason
    assert rpo.reason.startswith("RPO missed: the oldest lost write had been acked")
    lost = loss.classes["lost"]
    assert (lost.operations, lost.paise) == (auditor.lost, auditor.lost_paise)
    assert auditor.lost > 20
    assert loss.lag_metric_s is not None and loss.lag_metric_s > 1
