"""Mumbai is parted from Hyderabad, from health checkers and operators, but not from its customers."""

from pathlib import Path

import allure
import pytest
from tests.independent_sql import lost_according_to_the_database

from drdrill.model.estate import Estate
from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Aurora Global Database"),
    allure.label("strategy", "aurora-global"),
    allure.label("disaster", "region-partition"),
]

HYDERABAD = "ap-south-2"


@allure.title("A fence that is proved before the promotion: nobody pays in Mumbai any more, and nothing is lost")
def test_a_fence_before_the_promotion_keeps_the_brain_whole(drill: Rehearse, tmp_path: Path) -> None:
    """50 payments are tried at Mumbai's address after Hyderabad was promoted; none is acknowledged."""
    found: list[int] = []

    def ask(estate: Estate) -> None:
        found.extend(lost_according_to_the_database(tmp_path / "evidence", estate.ledgers[HYDERABAD]))

    rehearsed = drill("experiments/aurora-global-partition-fenced.yaml", inspect=ask)

    rehearsed.must_pass()
    lost, _paise, acked = found
    assert (lost, acked) == (0, 40), "the 40 payments of before, and no other"
    assert rehearsed.judgement.loss.flags["split-brain"].operations == 0
    names = [mark.name for mark in rehearsed.judgement.marks]
    assert names.index("fence.proved") < names.index("recovery.declared"), "fenced first, promoted then"


@pytest.mark.prove
@allure.title("Without the fence two databases write: exactly the 50 late payments are split brain, with their span")
def test_without_a_fence_the_late_payments_are_split_brain(drill: Rehearse, tmp_path: Path) -> None:
    """Mumbai acknowledges them, Hyderabad never hears of them."""
    found: list[int] = []

    def ask(estate: Estate) -> None:
        found.extend(lost_according_to_the_database(tmp_path / "evidence", estate.ledgers[HYDERABAD]))

    rehearsed = drill("experiments/aurora-global-partition-unfenced.yaml", inspect=ask)

    split, loss = rehearsed.finding("split-brain"), rehearsed.judgement.loss
    assert split.verdict is Verdict.FAIL, split.reason
    assert split.reason.startswith("Split brain: 50 writes sent after the disaster had bitten, acked, and lost, over ")
    assert loss.split_brain_span_s is not None and loss.split_brain_span_s > 0.3
    assert found[0] == loss.classes["lost"].operations == loss.flags["split-brain"].operations == 50
    assert found[1] == loss.classes["lost"].paise
    assert rehearsed.acked_in("transfers-90") == {lost.op_id: lost.amount_paise for lost in loss.lost}
    assert rehearsed.exit_status == 1
