"""What the reconciliation says it did is compared with the books before it and after it, and the loss stays a loss."""

from dataclasses import replace

import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.judgement import Interval, Judgement, Verdict
from drdrill.model.mark import RECONCILIATION_STARTED, Mark
from drdrill.model.reconciliation import ReconciliationRecord, RescuedPayment

from .verdict_of import finding

WRITES = "1+@98 2+@99 3+@99.5 4?@99.8 5+@110 6+@112"
BEFORE, AFTER = "survivors 1 5 6 @160", "survivors 1 2 5 6 @170"
BEGAN_S, ENDED_S = 165, 167


def payment(sequence: int, settled: str = "re-applied", reason: str = "") -> RescuedPayment:
    return RescuedPayment.model_validate(
        {
            "op_id": (1 << 40) | sequence,
            "debit": sequence % 10,
            "credit": (sequence + 1) % 10,
            "amount_paise": 100,
            "settled": settled,
            "reason": reason,
        }
    )


CONFLICT = payment(3, "conflict", "the bank refused: insufficient funds")


def reconciled(*payments: RescuedPayment, reads: str = f"{BEFORE} | {AFTER}", problem: str = "") -> Judgement:
    return judge(history(*payments, reads=reads, problem=problem))


def history(*payments: RescuedPayment, reads: str = f"{BEFORE} | {AFTER}", problem: str = "") -> History:
    told = story(f"{WRITES} | {reads} | objective loss=9")
    record = ReconciliationRecord(
        snapshot="rds:unplanned",
        rescue_cluster="rescue",
        rescue_region="ap-south-1",
        into_region="ap-south-2",
        began_ns=BEGAN_S * 10**9,
        ended_ns=ENDED_S * 10**9,
        rescued_transfers=5,
        payments=payments,
        problem=problem,
    )
    began = Mark(name=RECONCILIATION_STARTED, at_ns=BEGAN_S * 10**9, source="test")
    drill = told.drill.model_copy(update={"reconcile": True})
    return replace(told, drill=drill, marks=(*told.marks, began), reconciliation=record)


def said(judgement: Judgement) -> tuple[Verdict, str]:
    found = finding(judgement, "reconciliation")
    return found.verdict, found.reason


def test_a_settled_reconciliation_passes_and_hides_no_loss() -> None:
    judgement = reconciled(payment(2), CONFLICT)
    verdict, reason = said(judgement)
    assert verdict is Verdict.PASS
    assert reason == (
        "The lost payments are reconciled: 1 payment (₹1.00) re-applied, 1 payment (₹1.00) in conflict and listed; "
        "all balances together are ₹10,00,000.00 before and after"
    )
    assert judgement.loss.lost_operations == Interval(low=2, high=2)
    assert judgement.loss.flags["resurrected"].operations == 0
    assert finding(judgement, "resurrected").verdict is Verdict.PASS


def test_the_table_says_what_each_customer_had_been_told() -> None:
    settlement = reconciled(payment(2), CONFLICT, payment(4, "conflict", "gone")).settlement
    assert settlement is not None
    assert [(one.told, one.settled, one.reason) for one in settlement.payments] == [
        ("acked", "re-applied", ""),
        ("acked", "conflict", "the bank refused: insufficient funds"),
        ("unknown", "conflict", "gone"),
    ]
    assert (settlement.applied.operations, settlement.conflicts.paise) == (1, 200)
    assert settlement.sum_before_paise == settlement.sum_after_paise == 10 * 10_000_000


def test_a_payment_nobody_heard_of_may_be_re_applied_and_is_not_resurrected() -> None:
    """The client heard nothing, the old primary had committed it: allowed, and no loss."""
    judgement = reconciled(payment(2), CONFLICT, payment(4), reads=f"{BEFORE} | survivors 1 2 4 5 6 @170")
    assert said(judgement)[0] is Verdict.PASS
    assert judgement.loss.flags["resurrected"].operations == 0
    assert judgement.loss.lost_operations == Interval(low=2, high=2)


@pytest.mark.parametrize(
    ("payments", "reads", "words"),
    [
        ((payment(2),), f"{BEFORE} | {AFTER}", "1 payment lost and neither re-applied nor listed"),
        ((CONFLICT,), f"{BEFORE} | survivors 1 5 6 @170", "1 payment lost and neither re-applied nor listed"),
        ((payment(2), payment(3)), f"{BEFORE} | {AFTER}", "1 payment said to be re-applied, and not in the books"),
        (
            (payment(2), payment(3, "not settled", "no answer")),
            f"{BEFORE} | {AFTER}",
            "1 payment listed without having been settled",
        ),
        (
            (payment(2), CONFLICT),
            f"{BEFORE} | survivors 1 2 3 5 6 @170",
            "1 payment in the books now, and not by the reconciliation",
        ),
        ((payment(2), CONFLICT), f"{BEFORE} | survivors 1 2 5 @170", "1 payment in the books before, and gone now"),
        (
            (payment(2), CONFLICT),
            f"{BEFORE} | survivors 1 2c 5 6 @170",
            "all balances together were ₹10,00,000.00 before, and are ₹10,00,001.00 now",
        ),
    ],
)
def test_a_reconciliation_that_lies_is_convicted(payments: tuple[RescuedPayment, ...], reads: str, words: str) -> None:
    verdict, reason = said(reconciled(*payments, reads=reads))
    assert verdict is Verdict.FAIL
    assert reason.startswith("The lost payments are not reconciled: ")
    assert words in reason


def test_what_comes_back_without_being_re_applied_is_still_resurrected() -> None:
    judgement = reconciled(payment(2), CONFLICT, reads=f"{BEFORE} | survivors 1 2 3 5 6 @170")
    assert judgement.loss.flags["resurrected"].operations == 1
    assert finding(judgement, "resurrected").verdict is Verdict.FAIL


def test_what_came_back_before_the_step_is_resurrected_whatever_the_step_says() -> None:
    judgement = reconciled(
        payment(2), CONFLICT, reads="survivors 1 5 6 @150 | survivors 1 2 5 6 @160 | survivors 1 2 5 6 @170"
    )
    assert judgement.loss.flags["resurrected"].operations == 1


def test_a_reconciliation_before_the_loss_was_read_makes_the_loss_unknown() -> None:
    """Otherwise re-applying first and reading afterwards would turn every loss into none."""
    judgement = reconciled(payment(2), CONFLICT, reads=AFTER)
    assert not judgement.loss.valid
    assert "re-applied before a valid read of the survivors" in str(judgement.loss.invalid_because)
    assert said(judgement)[0] is Verdict.UNKNOWN
    assert judgement.settlement is None


@pytest.mark.parametrize("fault", ["!early", "!differ", "!open"])
def test_an_invalid_read_before_it_is_no_read(fault: str) -> None:
    judgement = reconciled(payment(2), CONFLICT, reads=f"survivors 1 5 6 {fault} @160 | {AFTER}")
    assert not judgement.loss.valid


def test_a_mark_alone_is_enough_to_distrust_a_later_read() -> None:
    """The record of the step may be gone; the mark says that it had begun."""
    told = history(payment(2), CONFLICT, reads=AFTER)
    assert not judge(replace(told, reconciliation=None)).loss.valid


def test_a_reconciliation_that_could_not_be_made_fails_when_something_was_lost() -> None:
    verdict, reason = said(reconciled(reads=f"{BEFORE} | survivors 1 5 6 @170", problem="the drill rescued no writes"))
    assert verdict is Verdict.FAIL
    assert reason == (
        "The lost payments are not reconciled: 2 lost payments neither re-applied nor listed, because the drill rescued "
        f"no writes, objective {'every lost payment'}"
    ) or reason.endswith("because the drill rescued no writes")


def test_a_planned_reconciliation_without_any_record_of_it_fails_or_is_unknown() -> None:
    told = story(f"{WRITES} | {BEFORE}")
    planned = replace(told, drill=told.drill.model_copy(update={"reconcile": True}))
    assert said(judge(planned))[0] is Verdict.FAIL
    nothing_lost = story("1+@98 5+@110 | survivors 1 5")
    planned = replace(nothing_lost, drill=nothing_lost.drill.model_copy(update={"reconcile": True}))
    assert said(judge(planned))[0] is Verdict.UNKNOWN


def test_nothing_is_said_where_no_step_was_planned() -> None:
    judgement = judge(story(f"{WRITES} | {BEFORE}"))
    assert judgement.settlement is None
    assert "reconciliation" not in {one.id for one in judgement.findings}


def test_the_judgement_is_the_same_bytes_every_time() -> None:
    assert reconciled(payment(2), CONFLICT).to_json() == reconciled(payment(2), CONFLICT).to_json()
