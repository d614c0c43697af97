"""The recovery of a journey: every state it can end in, and the interval in which it was served again."""

import pytest

from drdrill.model.judgement import Interval

from .verdict_of import finding, reason, recovery, told, verdict

KEPT = "| survivors all | objective rto=30"


def line(ranges: str, more: str = "") -> str:
    return f"transfer every 0.02: {ranges} {KEPT} {more}"


def test_restored() -> None:
    seen = recovery(line("90..100+ 100..120? 120..140+"))
    assert seen.state == "restored"
    assert seen.outage_began_s == 0
    assert seen.restored_s == Interval(low=19.98, high=20.01)
    assert seen.rta_s == Interval(low=19.93, high=20.01)
    assert (seen.due, seen.bad, seen.seconds_below) == (2000, 1000, 20.01)
    assert seen.relapses == ()


@pytest.mark.parametrize("outcome", ["?", "-", "x", "!"])
def test_only_what_was_acked_is_good(outcome: str) -> None:
    assert recovery(line(f"90..100+ 100..120{outcome} 120..140+")).bad == 1000


def test_acked_too_late_is_not_good() -> None:
    assert recovery(line("90..100+ 100..120+~1.001 120..140+")).bad == 1000
    assert recovery(line("90..100+ 100..120+~1 120..140+")).bad == 0


def test_latency_counts_from_being_due() -> None:
    assert recovery("1+@100~101..101.5 | survivors all").bad == 1
    assert recovery("1+@100~100.2..100.9 | survivors all").bad == 0


def test_an_ack_by_a_doomed_primary_is_not_recovery() -> None:
    ranges = "90..100+ 100..105? 105..120+ 120..125? 125..145+"
    honest = recovery(f"transfer every 0.02: {ranges} | survivors all")
    doomed = recovery(f"transfer every 0.02: {ranges} | survivors all but @105..120.5")
    assert honest.rta_s == Interval(low=4.93, high=5.01)
    assert len(honest.relapses) == 1
    assert doomed.rta_s == Interval(low=24.93, high=25.01)
    assert doomed.relapses == ()


def test_writes_lost_before_the_disaster_do_not_stretch_the_outage_into_the_baseline() -> None:
    seen = recovery("transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all but @98..100.5")
    assert seen.outage_began_s == 0
    assert seen.rta_s == Interval(low=4.93, high=5.01)


def test_the_rta_is_never_below_zero() -> None:
    seen = recovery("transfer every 0.01: 90..100+ 100..100.03? 100.03..130+ | survivors all | level hold=1")
    assert seen.rta_s == Interval(low=0, high=0.04)


def test_never_down() -> None:
    seen = recovery(line("90..130+"))
    assert seen.state == "never down"
    assert seen.rta_s == Interval(low=0, high=0.02)
    assert (seen.outage_began_s, seen.restored_s, seen.phases, seen.seconds_below) == (None, None, (), 0)


def test_never_down_counts_the_longest_gap_also_before_the_first_and_after_the_last() -> None:
    few = "| survivors all | level share=0.5 window=5"
    assert recovery(f"transfer every 0.5: 90..99+ 102..130+ {few}").rta_s == Interval(low=0, high=3.5)
    assert recovery(f"transfer every 0.5: 90..110+ {few} | stopped 114").rta_s == Interval(low=0, high=4.5)
    assert recovery(f"transfer every 0.5: 102..110+ {few} | stopped 110").rta_s == Interval(low=0, high=2)


def test_one_failure_in_a_hundred_is_within_99_percent_and_two_are_not() -> None:
    assert recovery(line("90..101+ 101..101.02? 101.02..130+")).state == "never down"
    assert recovery(line("90..101+ 101..101.04? 101.04..130+")).state == "restored"


def test_never_restored_fails_when_the_watch_reached_the_objective() -> None:
    text = line("90..100+ 100..131?")
    assert recovery(text).state == "never restored"
    assert recovery(text).rta_s is None
    assert verdict(text, "rto.transfer") == "fail"
    assert "payments were not restored within the 30.981 s watched" in reason(text, "rto.transfer")


def test_never_restored_is_unknown_when_the_watch_was_shorter() -> None:
    text = line("90..100+ 100..129?")
    assert verdict(text, "rto.transfer") == "unknown"
    assert recovery(text).seconds_below == 28.981


def test_never_restored_counts_only_as_long_as_the_journey_was_watched() -> None:
    assert verdict(line("90..100+ 100..120?", "| stopped 150"), "rto.transfer") == "unknown"
    assert verdict(line("90..100+ 100..120?", "| stopped 130"), "rto.transfer") == "unknown"


def test_good_again_for_less_than_a_window_is_not_restored() -> None:
    assert recovery(line("90..100+ 100..120? 120..120.9+")).state == "never restored"


def test_not_yet_stable() -> None:
    text = line("90..100+ 100..105? 105..114+")
    assert recovery(text).state == "not yet stable"
    assert recovery(text).rta_s == Interval(low=4.93, high=5.01)
    assert verdict(text, "rto.transfer") == "unknown"
    assert verdict(text, "relapse.transfer") == "unknown"
    assert "not seen to hold for 10 s" in reason(text, "rto.transfer")


def test_stable_after_exactly_the_hold_time() -> None:
    assert recovery(line("90..100+ 100..105? 105..116+", "| stopped 115.009")).state == "not yet stable"
    assert recovery(line("90..100+ 100..105? 105..116+", "| stopped 115.01")).state == "restored"


def test_a_hold_is_only_proved_while_there_is_traffic() -> None:
    assert recovery(line("90..100+ 100..105? 105..112+", "| stopped 150")).state == "not yet stable"


def test_flapping_is_one_outage() -> None:
    seen = recovery(line("90..100+ 100..103? 103..108+ 108..110? 110..130+"))
    assert seen.rta_s == Interval(low=9.93, high=10.01)
    assert seen.relapses == ()
    assert seen.seconds_below == 5.02


def test_a_relapse_is_a_later_outage() -> None:
    text = line("90..100+ 100..103? 103..120+ 120..122? 122..140+")
    seen = recovery(text)
    assert seen.rta_s == Interval(low=2.93, high=3.01)
    assert seen.relapses == (Interval(low=20, high=22.01),)
    assert verdict(text, "relapse.transfer") == "fail"
    assert verdict(text, "rto.transfer") == "pass"
    assert verdict(f"{text} relapses=1", "relapse.transfer") == "pass"


def test_runs_as_far_apart_as_the_hold_time_are_two() -> None:
    assert len(recovery(line("90..100+ 100..103? 103..112.98+ 112.98..115? 115..140+")).relapses) == 1
    assert len(recovery(line("90..100+ 100..103? 103..112.96+ 112.96..115? 115..140+")).relapses) == 0


def test_a_relapse_may_never_end() -> None:
    seen = recovery(line("90..100+ 100..103? 103..120+ 120..130?"))
    assert seen.state == "restored"
    assert seen.relapses == (Interval(low=20, high=None),)


def test_too_few_operations_say_nothing() -> None:
    text = "transfer every 0.5: 90..130+ | survivors all | objective rto=30"
    assert recovery(text).state == "not evaluable"
    assert verdict(text, "rto.transfer") == "unknown"
    assert "60 operations due in the 29.501 s watched, a window needs 100" in reason(text, "rto.transfer")


def test_the_watch_ends_with_the_first_of_heal_failback_and_traffic() -> None:
    text = line("90..100+ 100..120? 120..150+")
    assert recovery(text).watched_s == 49.981
    assert recovery(f"{text} | failback 145").watched_s == 45
    assert recovery(f"{text} | failback 145 | healed 141").watched_s == 41
    assert recovery(f"{text} | healed 119").state == "never restored"


def test_another_fault_may_heal_without_ending_the_watch() -> None:
    text = line("90..100+ 100..120? 120..150+", "| fault lag 95..95.1 | healed lag 110")
    assert recovery(text).watched_s == 49.981


def test_an_outage_of_the_baseline_is_not_the_disaster() -> None:
    assert recovery(line("90..95+ 95..97? 97..130+")).state == "never down"


def test_operations_due_before_the_request_are_not_in_the_watch() -> None:
    seen = recovery(line("90..100+ 100..120+", "| fault 100.02..100.05"))
    assert seen.due == 999


def test_the_clock_bound_widens_every_interval() -> None:
    seen = recovery(line("90..100+ 100..105? 105..130+ 130..132? 132..150+", "| recorder 1 bound 0.2"))
    assert seen.rta_s == Interval(low=4.73, high=5.21)
    assert seen.restored_s == Interval(low=4.78, high=5.21)
    assert seen.relapses == (Interval(low=29.8, high=32.21),)
    two = "| recorder 1 bound 0.1 | recorder 2 bound 0.2"
    assert recovery(line("90..100+ 100..105? 105..130+", two)).rta_s == Interval(low=4.73, high=5.21)
    assert recovery(line("90..130+", "| recorder 1 bound 0.2")).rta_s == Interval(low=0, high=0.22)


def test_the_clock_offset_is_applied() -> None:
    seen = recovery(line("90..100.5+ 100.5..105.5? 105.5..130+", "| recorder 1 offset -0.5"))
    assert seen.rta_s == Interval(low=4.93, high=5.01)


def test_a_late_recorder_widens_the_interval() -> None:
    seen = recovery("1+@105~105.4..105.41 | transfer every 0.02: 90..100+ 100..105? 105.02..130+ | survivors all")
    assert seen.rta_s == Interval(low=4.53, high=5.81)
    text = "1+@105~105.015..105.02 | transfer every 0.02: 90..100+ 100..105? 105.02..130+ | survivors all"
    assert recovery(text).rta_s == Interval(low=4.93, high=5.02)


def test_reads_and_writes_are_judged_apart() -> None:
    text = "balance every 0.02: 90..100+ 100..103? 103..130+ | transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all"
    assert recovery(text, "balance").rta_s == Interval(low=2.93, high=3.01)
    assert recovery(text).rta_s == Interval(low=4.93, high=5.01)
    assert (recovery(text, "balance").kind, recovery(text).kind) == ("read", "write")


def test_a_write_proves_nothing_without_survivors() -> None:
    text = "transfer every 0.02: 90..130+ | balance every 0.02: 90..130+ | objective rto=30 below=5 share=0.1"
    assert recovery(text).state == "not evaluable"
    for identity in ("rto.transfer", "relapse.transfer", "seconds-below.transfer", "failed-share.transfer"):
        assert "no write can prove recovery, because the survivors were never read" in reason(text, identity)
    # A read may have been stale; that it was not down is therefore not proved, that it was down still is.
    assert recovery(text, "balance").state == "never down"
    assert verdict(text, "rto.balance") == "unknown"
    assert (
        verdict(text.replace("balance every 0.02: 90..130+", "balance every 0.02: 90..140?"), "rto.balance") == "fail"
    )


def test_nothing_is_said_of_a_disaster_that_did_not_bite() -> None:
    for more in ("| fault 100", "| no fault"):
        judgement = told(line("90..100+ 100..120? 120..150+", more))
        assert judgement.recoveries == ()
        assert judgement.disaster_s is None
        assert finding(judgement, "rto.transfer").verdict == "unknown"
        assert finding(judgement, "disaster").verdict == "unknown"
        assert judgement.exit_status == 2


SECONDS = "90..100+ 100..105? 105..130+"


@pytest.mark.parametrize(
    ("objective", "expected"), [(5.01, "pass"), (4.99, "unknown"), (4.97, "fail"), (4.98, "unknown")]
)
def test_seconds_below_the_level(objective: float, expected: str) -> None:
    assert verdict(f"{line(SECONDS)} below={objective}", "seconds-below.transfer") == expected


@pytest.mark.parametrize(
    ("objective", "expected"), [(0.2, "pass"), (0.16, "fail"), (0.166666666, "fail"), (0.166666667, "pass")]
)
def test_the_failed_share(objective: float, expected: str) -> None:
    assert verdict(f"{line(SECONDS)} share={objective}", "failed-share.transfer") == expected


@pytest.mark.parametrize(
    ("objective", "expected"), [(5.01, "pass"), (5, "unknown"), (4.93, "unknown"), (4.92, "fail"), (60, "pass")]
)
def test_the_rto_is_judged_by_the_interval(objective: float, expected: str) -> None:
    text = f"transfer every 0.02: {SECONDS} | survivors all | objective rto={objective}"
    assert verdict(text, "rto.transfer") == expected


def test_the_sentences_begin_with_the_consequence() -> None:
    text = "transfer every 0.02: 90..100+ 100..131? 131..150+ | survivors all | objective rto=30"
    assert reason(text, "rto.transfer") == (
        "RTO missed for transfer: payments were down 30.93 to 31.01 s, objective 30 s"
    )
    assert reason(text.replace("rto=30", "rto=40"), "rto.transfer").startswith(
        "RTO met for transfer: payments were down"
    )
    assert reason(text.replace("rto=30", "rto=31"), "rto.transfer").startswith("RTO for transfer unknown: ")
    assert reason(text.replace("| objective rto=30", ""), "rto.transfer").startswith("RTO for transfer not assessed: ")
