"""A checker that never convicted anybody is not yet a checker: planted defects, and the verdicts that they must get."""

import allure
import pytest

from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse, Rehearsed

pytestmark = [pytest.mark.lab, allure.parent_suite("Convictions")]

LIES = "ghost/200,doubled/100,stranger/100,altered/100,unbalanced/100,ack-before-commit/100"


def convicted(rehearsed: Rehearsed, finding_id: str) -> str:
    """The sentence of a finding that must have failed."""
    finding = rehearsed.finding(finding_id)
    assert finding.verdict is Verdict.FAIL, f"{finding_id} is {finding.verdict}: {finding.reason}"
    return finding.reason


@allure.title("A lying bank is convicted of each of its lies")
def test_a_lying_bank_is_convicted_of_each_of_its_lies(drill: Rehearse) -> None:
    """Ghosts, doubles, strangers, altered amounts, broken books, and promises made before the commit."""
    rehearsed = drill("scenarios/sabotaged/lying-bank.yaml", defect=LIES)

    for finding_id in ("ghost", "doubled", "stranger", "altered", "books", "loss"):
        assert convicted(rehearsed, finding_id)
    assert rehearsed.judgement.loss.classes["lost"].operations > 0
    assert rehearsed.exit_status == 1


@allure.title("Hyderabad is promoted while Mumbai still acknowledges: split brain, and never restored")
def test_acks_of_a_primary_that_was_not_fenced_are_a_split_brain_and_no_recovery(drill: Rehearse) -> None:
    """Every ack by the doomed primary is lost, so payments never recovered, however green the answers looked."""
    rehearsed = drill("scenarios/sabotaged/split-brain.yaml")

    assert "split brain" in convicted(rehearsed, "split-brain").lower()
    assert rehearsed.judgement.loss.flags["split-brain"].operations > 100
    convicted(rehearsed, "rto.transfer")
    (transfer,) = [each for each in rehearsed.judgement.recoveries if each.journey == "transfer"]
    assert transfer.state == "never restored"


@allure.title("A service that fails again after its recovery has relapsed")
def test_a_service_that_fails_again_is_convicted_of_a_relapse(drill: Rehearse) -> None:
    """The recovery still counts; the second outage is a finding of its own."""
    rehearsed = drill("scenarios/sabotaged/relapse.yaml")

    convicted(rehearsed, "relapse.transfer")
    assert rehearsed.finding("rto.transfer").verdict is Verdict.PASS


@allure.title("500 payments acknowledged behind a cut replication link are the 500 that are reported lost")
def test_exactly_the_500_payments_behind_the_cut_are_lost(drill: Rehearse) -> None:
    """Those 500, and their rupees; no other."""
    rehearsed = drill("experiments/aurora-global-replication-cut.yaml")

    loss = rehearsed.judgement.loss
    convicted(rehearsed, "loss")
    assert loss.lost_operations is not None
    assert (loss.lost_operations.low, loss.lost_operations.high) == (500, 500)
    assert len({lost.op_id for lost in loss.lost}) == 500
    assert loss.classes["lost"].paise == sum(lost.amount_paise for lost in loss.lost)
    assert rehearsed.acked_in("transfers-90") == {lost.op_id: lost.amount_paise for lost in loss.lost}
