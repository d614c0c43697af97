"""The way home from Hyderabad, and what becomes of the payments that were lost with Mumbai."""

from collections.abc import Callable
from pathlib import Path

import allure
import psycopg
import pytest
from tests.independent_sql import acked_transfers, lost_according_to_the_database

from drdrill.model.estate import Estate
from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Aurora Global Database"),
    allure.label("strategy", "aurora-global"),
    allure.label("disaster", "region-loss"),
]

MUMBAI, HYDERABAD = "ap-south-1", "ap-south-2"
TRANSFERS = "SELECT op_id FROM transfers"
UNBALANCED = "SELECT op_id FROM entries GROUP BY op_id HAVING sum(amount_paise) <> 0 OR count(*) <> 2"

Audit = dict[str, int]


def auditor(evidence: Path, region: str, found: Audit) -> Callable[[Estate], None]:
    """Asks the database of a region what it lacks, by somebody else's SQL."""

    def ask(estate: Estate) -> None:
        lost, paise, acked = lost_according_to_the_database(evidence, estate.ledgers[region])
        found.update(lost=lost, paise=paise, acked=acked)

    return ask


@allure.title("The bank comes home to Mumbai within objectives of its own, and loses nothing on the way")
def test_the_bank_comes_home_and_loses_nothing(drill: Rehearse, tmp_path: Path) -> None:
    """Healed behind a fence, rejoined as a secondary, in sync, roles exchanged, customers back in Mumbai."""
    found: Audit = {}
    rehearsed = drill("experiments/aurora-global-failback.yaml", inspect=auditor(tmp_path / "evidence", MUMBAI, found))

    rehearsed.must_pass()
    home = rehearsed.judgement.failback
    assert home is not None and home.lost is not None
    assert {each.journey for each in home.recoveries} == {"balance", "transfer"}
    (transfer,) = [each for each in home.recoveries if each.journey == "transfer"]
    assert transfer.state == "restored", "writes pause while the roles are exchanged"
    assert found["lost"] == rehearsed.judgement.loss.classes["lost"].operations
    assert home.lost.operations == 0
    assert rehearsed.finding("failback.rpo").verdict is Verdict.PASS
    assert found["acked"] == sum(rehearsed.judgement.loss.classes[name].operations for name in ("kept", "lost")) > 100
    assert 'id="failback"' in rehearsed.report.read_text()


@allure.title("200 lost payments are rescued from the old primary's snapshot and reconciled; they stay a loss")
def test_lost_payments_are_reconciled_and_stay_a_loss(drill: Rehearse, tmp_path: Path) -> None:
    """Read before the reconciliation: 200 are gone. After it: only those are gone that are listed as conflicts."""
    before: Audit = {}
    after: set[int] = set()
    unbalanced: list[int] = []

    def look_again(estate: Estate) -> None:
        with psycopg.connect(estate.ledgers[HYDERABAD]) as books:
            held = {int(row[0]) for row in books.execute(TRANSFERS)}
            unbalanced.extend(int(row[0]) for row in books.execute(UNBALANCED))
        after.update(set(acked_transfers(tmp_path / "evidence")) - held)

    rehearsed = drill(
        "experiments/aurora-global-reconciliation.yaml",
        inspect=auditor(tmp_path / "evidence", HYDERABAD, before),
        inspect_reconciled=look_again,
    )

    rehearsed.must_pass()
    loss, settled = rehearsed.judgement.loss, rehearsed.judgement.settlement
    assert before["lost"] == 200
    assert (loss.classes["lost"].operations, loss.classes["lost"].paise) == (before["lost"], before["paise"])
    assert rehearsed.acked_in("transfers-90") == {lost.op_id: lost.amount_paise for lost in loss.lost}

    assert settled is not None
    conflicts = {payment.op_id for payment in settled.payments if payment.settled == "conflict"}
    assert after == conflicts, "what is still gone is what was listed, and nothing else"
    assert unbalanced == [], "every transfer has its two sides, whoever asked for it"
    assert settled.rescued_transfers == 250, "the 50 that Hyderabad knew, and the 200 that it did not"
    assert settled.conflicts.operations >= 5, "five customers had spent the money"
    assert all("insufficient funds" in payment.reason for payment in settled.payments if payment.op_id in conflicts)
    assert settled.applied.operations + settled.conflicts.operations == 200
    assert settled.applied.paise + settled.conflicts.paise == before["paise"]
    assert settled.sum_before_paise == settled.sum_after_paise
    assert (rehearsed.folder / "reconciliation.csv").read_text().count("\n") == 201
    assert "Accountant" in rehearsed.report.read_text()


@pytest.mark.prove
@allure.title("A return by force is convicted of the 100 payments that Mumbai had not received")
def test_a_return_by_force_is_convicted_of_what_it_lost(drill: Rehearse, tmp_path: Path) -> None:
    """Acknowledged in Hyderabad, given up by AllowDataLoss: a loss of the failback, with those rupees."""
    found: Audit = {}
    rehearsed = drill(
        "scenarios/sabotaged/failback-by-force.yaml", inspect=auditor(tmp_path / "evidence", MUMBAI, found)
    )

    lost = rehearsed.finding("failback.loss")
    assert lost.verdict is Verdict.FAIL, lost.reason
    assert lost.reason.startswith("Failback: too much was lost: 100 operations")
    rpo = rehearsed.finding("failback.rpo")
    assert rpo.verdict is Verdict.FAIL, rpo.reason
    assert rpo.reason.startswith("Failback: RPO missed: the oldest lost write had been acked")
    assert found["lost"] == 100
    assert rehearsed.judgement.failback is not None and rehearsed.judgement.failback.lost is not None
    assert rehearsed.judgement.failback.lost.paise == found["paise"]
    assert rehearsed.exit_status == 1


@pytest.mark.prove
@allure.title("A planned reconciliation that rescues nothing fails")
def test_a_reconciliation_that_rescues_nothing_fails(drill: Rehearse, tmp_path: Path) -> None:
    """The snapshot is there, and nobody restores it."""
    found: Audit = {}
    rehearsed = drill(
        "scenarios/sabotaged/reconciliation-without-rescue.yaml",
        inspect=auditor(tmp_path / "evidence", HYDERABAD, found),
    )

    finding = rehearsed.finding("reconciliation")
    assert finding.verdict is Verdict.FAIL, finding.reason
    assert finding.reason.startswith(
        "The lost payments are not reconciled: 200 lost payments neither re-applied nor listed, because nothing was"
    )
    assert found["lost"] == rehearsed.judgement.loss.classes["lost"].operations == 200
