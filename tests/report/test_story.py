from __future__ import annotations

from drdrill.report.story import limits_of, what_happened, what_it_means, what_to_do

from . import sample

DRILL = sample.drill()


def test_one_sentence_names_the_disaster_the_service_and_the_money() -> None:
    told = what_happened(DRILL, sample.failed())
    assert "region-loss" in told
    assert "12.41 to 12.47 s" in told
    assert "32 are gone" in told
    assert told.endswith("worth ₹1,46,829.19, 2 of them in split brain.")


def test_nothing_lost_is_said_only_after_a_valid_read() -> None:
    assert "none of the 3,901 acknowledged payments was lost" in what_happened(DRILL, sample.passed())
    told = what_happened(DRILL, sample.unknown())
    assert "how many payments were lost is not known" in told
    assert "2.000 s before the writers had stopped" in told


def test_a_journey_that_never_came_back_is_named_first() -> None:
    told = what_happened(DRILL, sample.never_restored())
    assert "statement and transfer did not come back within the 43.1 s watched" in told
    assert "balance never fell below the service level" in told


def test_an_aborted_drill_says_why_and_claims_nothing() -> None:
    told = what_happened(DRILL, sample.aborted())
    assert "aborted (the operator pressed Ctrl-C)" in told
    assert "nothing can be said" in told


def test_the_lab_is_never_taken_for_aws() -> None:
    assert any("never of AWS timing" in line for line in what_it_means(DRILL, sample.passed()))
    real = DRILL.model_copy(update={"target": sample.TARGET.model_copy(update={"kind": "aws"})})
    assert not any("lab" in line for line in what_it_means(real, sample.passed()))


def test_steps_follow_from_what_was_seen() -> None:
    failed = " ".join(what_to_do(DRILL, sample.failed()))
    assert "Settle the lost payments (32)" in failed
    assert "Fence the old primary earlier" in failed
    assert "Do not rely on this runbook" in " ".join(what_to_do(DRILL, sample.never_restored()))
    assert "run the drill again" in " ".join(what_to_do(DRILL, sample.unknown()))
    assert what_to_do(DRILL, sample.aborted())[0].startswith("Make sure that nothing is left injected")
    assert what_to_do(DRILL, sample.passed())[0].startswith("Keep this report")


def test_what_is_not_shown_names_what_had_no_objective() -> None:
    assert any("seconds below the level" in line for line in limits_of(DRILL, sample.passed()))


def test_a_planned_switchover_is_called_by_its_name() -> None:
    planned = DRILL.model_copy(update={"disaster": "planned-switchover"})
    assert what_happened(planned, sample.passed()).startswith("After the planned switchover (on the lab), ")
