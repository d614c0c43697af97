"""The way home is judged as a recovery of its own."""

from dataclasses import replace

import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.drill import FailbackObjectives
from drdrill.model.history import History
from drdrill.model.judgement import Interval, Judgement, Verdict

from .verdict_of import finding

OUTAGE = "transfer every 0.02: 90..100+ 100..103? 103..130+ 130..131? 131..160+"
MARKS = (
    "declared 102 | healed 120 | failback 125 | asked 130 | yielded 130.1 | writable 130.5 | routed 130.8 | stopped 160"
)
HOME = f"{OUTAGE} | {MARKS}"
LOST_AT_140 = "survivors all but @140..140.2"


def planned(history: History, **objectives: object) -> History:
    """The same with objectives for the failback."""
    asked = history.drill.objectives.model_copy(update={"failback": FailbackObjectives(**objectives)})
    return replace(history, drill=history.drill.model_copy(update={"objectives": asked}))


def judged(line: str, survivors: str = "survivors all", **objectives: object) -> Judgement:
    return judge(planned(story(f"{line} | {survivors}"), **objectives))


def test_the_outage_of_the_failback_is_measured_from_its_own_request() -> None:
    judgement = judged(HOME, rto_s=2)
    disaster, home = finding(judgement, "rto.transfer"), finding(judgement, "failback.rto.transfer")
    assert disaster.interval is not None and 2.8 < disaster.interval.low < 3.1
    assert home.interval is not None
    assert 0.8 < home.interval.low <= home.interval.high < 1.1
    assert home.verdict is Verdict.PASS
    assert home.reason.startswith("Failback: RTO met for transfer: payments were down")
    assert home.objective == "2 s"
    assert judgement.failback is not None
    assert judgement.failback.requested_s == 30.0
    (recovered,) = judgement.failback.recoveries
    assert [phase.name for phase in recovered.phases] == [
        "stop writing",
        "promote",
        "route",
        "warm up",
    ]


def test_a_failback_that_takes_too_long_fails_by_its_own_objective_alone() -> None:
    judgement = judged(HOME, rto_s=0.5)
    assert finding(judgement, "failback.rto.transfer").verdict is Verdict.FAIL
    assert "Failback: RTO missed for transfer" in finding(judgement, "failback.rto.transfer").reason
    assert finding(judgement, "relapse.transfer").verdict is Verdict.PASS
    assert judgement.verdict is Verdict.FAIL


def test_payments_lost_on_the_way_home_are_counted_for_the_failback() -> None:
    judgement = judged(HOME, LOST_AT_140, rto_s=60, loss_operations=0)
    lost = finding(judgement, "failback.loss")
    assert lost.interval == Interval(low=10, high=10)
    assert lost.verdict is Verdict.FAIL
    assert lost.reason == (
        "Failback: too much was lost: 10 operations (₹10.00) acked and lost on the way back to ap-south-1, "
        "objective 0 operations"
    )
    assert judgement.failback is not None and judgement.failback.lost is not None
    assert judgement.failback.lost.operations == 10
    assert judgement.loss.classes["lost"].operations == 10, "a loss on the way home is a loss of the drill"


def test_the_failback_has_a_recovery_point_of_its_own() -> None:
    """Acked from 129 on, asked for at 130, the other region refused payments from 130.1 on: 1.0 to 1.1 s."""
    judgement = judged(HOME, "survivors all but @129..130", rpo_s=0.9)
    rpo = finding(judgement, "failback.rpo")
    assert rpo.interval is not None and rpo.interval.high is not None
    assert 0.97 < rpo.interval.low <= 1.0 < rpo.interval.high < 1.11
    assert rpo.verdict is Verdict.FAIL
    assert rpo.reason.startswith("Failback: RPO missed: the oldest lost write had been acked")
    assert rpo.witnesses[0] == judgement.loss.lost[0].op_id
    assert judgement.failback is not None and judgement.failback.oldest_lost_age_s == rpo.interval
    assert finding(judged(HOME, "survivors all but @129..130", rpo_s=2), "failback.rpo").verdict is Verdict.PASS
    between = judged(HOME, "survivors all but @129..130", rpo_s=1.05)
    assert finding(between, "failback.rpo").verdict is Verdict.UNKNOWN


def test_a_recovery_point_of_zero_is_judged_in_operations() -> None:
    held = finding(judged(HOME, rpo_s=0), "failback.rpo")
    assert held.verdict is Verdict.PASS
    assert held.observed == "0 operations"
    assert (
        held.reason.startswith("Failback: RPO met: all ")
        and "acked before the exchange are in the books" in held.reason
    )
    late = finding(judged(HOME, LOST_AT_140, rpo_s=0), "failback.rpo")
    assert late.verdict is Verdict.FAIL, "acked after the exchange, and lost all the same"
    assert "nothing acked before the exchange was lost" in late.reason


def test_without_an_objective_its_recovery_point_is_not_assessed() -> None:
    assert finding(judged(HOME, rto_s=2), "failback.rpo").verdict is Verdict.NOT_ASSESSED


def test_where_nothing_had_been_paid_since_the_failover_nothing_could_be_lost() -> None:
    quiet = "transfer every 0.02: 90..100+ 100..103? 103..130? 130..131? 131..160+"
    judgement = judged(f"{quiet} | {MARKS}", rpo_s=0)
    assert finding(judgement, "failback.rpo").verdict is Verdict.UNKNOWN
    assert "none could be lost by it" in finding(judgement, "failback.rpo").reason


def test_what_the_disaster_lost_is_not_the_failbacks() -> None:
    """Sent before the failover was declared: the old primary took them."""
    judgement = judged(HOME, "survivors all but @99..100.5", loss_operations=0)
    assert finding(judgement, "failback.loss").verdict is Verdict.PASS
    assert judgement.loss.classes["lost"].operations > 0


def test_what_the_recovery_region_took_before_the_failback_began_is_lost_by_the_failback() -> None:
    """Going back to a database that had not got everything loses also what was paid long before."""
    judgement = judged(HOME, "survivors all but @110..110.5", loss_operations=0)
    assert finding(judgement, "failback.loss").interval == Interval(low=25, high=25)
    assert finding(judgement, "failback.loss").verdict is Verdict.FAIL


def test_a_rejoining_that_customers_notice_fails() -> None:
    hurt = "transfer every 0.02: 90..100+ 100..103? 103..126+ 126..128? 128..130+ 130..131? 131..160+"
    judgement = judged(f"{hurt} | {MARKS}", rto_s=60)
    assert finding(judgement, "failback.rejoin.transfer").verdict is Verdict.FAIL
    assert "The rejoining hurt transfer" in finding(judgement, "failback.rejoin.transfer").reason
    quiet = judged(HOME, rto_s=60)
    assert finding(quiet, "failback.rejoin.transfer").verdict is Verdict.PASS


def test_a_relapse_after_the_failback_is_its_own() -> None:
    twice = "transfer every 0.02: 90..100+ 100..103? 103..130+ 130..131? 131..145+ 145..147? 147..165+"
    judgement = judged(f"{twice} | {MARKS.replace('160', '165')} | level hold=5", rto_s=60)
    assert finding(judgement, "failback.relapse.transfer").verdict is Verdict.FAIL
    assert finding(judgement, "relapse.transfer").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("marks", "because"),
    [
        ("declared 102 | healed 120 | stopped 160", "the failback was never asked for"),
        ("declared 102 | healed 120 | failback 125 | stopped 160", "the failback was never asked for"),
        (
            "declared 102 | healed 120 | failback 125 | asked 130 | stopped 160",
            "the failback was asked for, but nobody saw the other region refuse payments",
        ),
    ],
)
def test_a_planned_failback_that_did_not_happen_is_unknown(marks: str, because: str) -> None:
    judgement = judged(f"{OUTAGE} | {marks}", rto_s=60, rpo_s=0, loss_operations=0)
    for identity in ("failback.rto.transfer", "failback.rpo", "failback.loss"):
        assert finding(judgement, identity).verdict is Verdict.UNKNOWN
        assert because in finding(judgement, identity).reason
    assert judgement.verdict is Verdict.UNKNOWN


def test_nothing_is_said_of_a_failback_that_was_neither_planned_nor_asked_for() -> None:
    judgement = judge(story(f"{OUTAGE} | declared 102 | healed 120 | failback 125 | stopped 160 | survivors all"))
    assert judgement.failback is None
    assert not [one.id for one in judgement.findings if one.id.startswith("failback")]


def test_without_survivors_no_write_proves_the_way_home() -> None:
    judgement = judged(HOME, "survivors all !early", rto_s=60, loss_operations=0)
    assert finding(judgement, "failback.rto.transfer").verdict is Verdict.UNKNOWN
    assert finding(judgement, "failback.loss").verdict is Verdict.UNKNOWN
    assert finding(judgement, "failback.rpo").verdict is Verdict.UNKNOWN
    assert judgement.failback is not None
    assert judgement.failback.recoveries == ()
    assert (judgement.failback.lost, judgement.failback.oldest_lost_age_s) == (None, None)


def test_a_journey_that_nobody_planned_is_not_judged() -> None:
    """What an experiment sends by itself is no service: five transfers are no outage of transfers."""
    line = "1+@99 2+@110 | balance every 0.05: 90..100+ 103..130+ | survivors 1 2"
    history = story(line)
    traffic = history.drill.traffic.model_copy(update={"journeys": {"balance": 1.0}})
    judgement = judge(replace(history, drill=history.drill.model_copy(update={"traffic": traffic})))
    assert [one.journey for one in judgement.recoveries] == ["balance"]
    assert finding(judgement, "rto.balance").verdict is not Verdict.UNKNOWN
    assert not [one for one in judgement.findings if one.id == "rto.transfer"]
