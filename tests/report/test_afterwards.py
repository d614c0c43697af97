"""The way home and the reconciliation on the page and in the terminal."""

import pytest

from drdrill.model.drill import FailbackObjectives
from drdrill.model.judgement import (
    Count,
    Failback,
    Interval,
    Judgement,
    MarkAt,
    Phase,
    Recovery,
    SettledPayment,
    Settlement,
)
from drdrill.report import render_html
from drdrill.report.afterwards import (
    NO_FAILBACK,
    NO_RECONCILIATION,
    afterwards_lines,
    afterwards_sentences,
    not_part_of,
    settling_steps,
)
from drdrill.report.story import what_happened, what_to_do
from drdrill.report.terminal import summary_lines
from drdrill.report.timeline import all_outages
from drdrill.report.way_home import steps_home

from .sample import CONTEXT, drill, passed

HOME = Recovery(
    journey="transfer",
    kind="write",
    state="restored",
    rta_s=Interval(low=0.8, high=1.1),
    outage_began_s=60.1,
    restored_s=Interval(low=0.9, high=1.1),
    watched_s=20.0,
    window_s=1.0,
    due=1_200,
    bad=64,
    stale=0,
    seconds_below=1.0,
    relapses=(),
    phases=(
        Phase(name="stop writing", began_s=60.0, ended_s=60.1),
        Phase(name="promote", began_s=60.1, ended_s=60.9),
    ),
)


def payment(op_id: int, settled: str, reason: str = "") -> SettledPayment:
    return SettledPayment(
        op_id=op_id, debit=3, credit=4, amount_paise=12_345_678, told="acked", settled=settled, reason=reason
    )


SETTLEMENT = Settlement(
    snapshot="rds:unplanned-global-failover-bank",
    into_region="ap-south-2",
    began_s=70.0,
    ended_s=71.0,
    applied=Count(operations=1, paise=12_345_678),
    conflicts=Count(operations=1, paise=100),
    unsettled=Count(operations=0, paise=0),
    sum_before_paise=1_000_000_000,
    sum_after_paise=1_000_000_000,
    payments=(payment(901, "re-applied"), payment(902, "conflict", "the bank refused: <insufficient> funds")),
    payments_not_listed=0,
    rescued_transfers=52,
)


LOST = Count(operations=2, paise=300)
MARKS = (
    MarkAt(name="lag.observed", at_s=-1.0, source="chaos", detail={"lag_s": 0.001}),
    MarkAt(name="database.writable", at_s=5.0, source="runbooks", detail={}),
    MarkAt(name="fence.proved", at_s=40.0, source="faults", detail={}),
    MarkAt(name="fault.healed", at_s=41.0, source="faults", detail={"fault": "link-cut"}),
    MarkAt(name="fault.healed", at_s=42.5, source="faults", detail={"fault": "region-loss"}),
    MarkAt(name="failback.started", at_s=43.0, source="runbooks", detail={}),
    MarkAt(name="lag.observed", at_s=50.0, source="runbooks", detail={"lag_s": 0.004, "region": "ap-south-1"}),
    MarkAt(name="failback.requested", at_s=60.0, source="runbooks", detail={}),
    MarkAt(name="failback.proved", at_s=60.1, source="runbooks", detail={}),
    MarkAt(name="database.writable", at_s=60.9, source="runbooks", detail={}),
)


@pytest.fixture
def judgement() -> Judgement:
    """A drill with both."""
    age = Interval(low=0.2, high=0.3)
    home = Failback(requested_s=60.0, proved_s=60.1, recoveries=(HOME,), lost=LOST, oldest_lost_age_s=age)
    return passed().model_copy(update={"failback": home, "settlement": SETTLEMENT, "marks": MARKS})


def test_the_page_tells_the_way_home_with_its_own_objective(judgement: Judgement) -> None:
    objectives = drill().objectives.model_copy(update={"failback": FailbackObjectives(rto_s=30.0)})
    page = render_html(drill(objectives=objectives), judgement, context=CONTEXT)
    part = page[page.index('id="failback"') : page.index('id="reconciliation"')]
    assert "0.80 to 1.10 s" in part
    assert "30 s" in part
    assert "stop writing 0.10 s, promote 0.80 s" in part
    assert "2 acknowledged payments, ₹3.00" in part


def test_the_page_has_the_table_that_an_accountant_signs(judgement: Judgement) -> None:
    page = render_html(drill(), judgement, context=CONTEXT)
    part = page[page.index('id="reconciliation"') : page.index('id="books"')]
    assert "₹1,23,456.78" in part
    assert "&lt;insufficient&gt; funds" in part
    assert part.count("₹1,00,00,000.00") == 2, "before and after"
    assert "Accountant" in part and "Second person" in part


def test_a_drill_without_them_has_no_such_parts() -> None:
    page = render_html(drill(), passed(), context=CONTEXT)
    assert 'id="failback"' not in page
    assert 'id="reconciliation"' not in page
    assert afterwards_lines(passed()) == []


def test_the_terminal_tells_both(judgement: Judgement) -> None:
    lines = summary_lines(drill(), judgement)
    assert "on the way home, transfer: restored, observed RTO 0.80 to 1.10 s" in lines
    assert "lost on the way home: 2 payments, ₹3.00; observed RPO 0.20 to 0.30 s" in lines
    assert (
        "reconciliation: 1 lost payment re-applied in Hyderabad (ap-south-2) (₹1,23,456.78), 1 in conflict (₹1.00)"
        in lines
    )


def test_what_was_not_settled_is_shouted(judgement: Judgement) -> None:
    left = SETTLEMENT.model_copy(update={"unsettled": Count(operations=3, paise=300)})
    assert "3 NOT SETTLED (₹3.00)" in afterwards_lines(judgement.model_copy(update={"settlement": left}))[-1]


def test_what_was_not_part_of_the_drill_is_said(judgement: Judgement) -> None:
    assert not_part_of(judgement) == ()
    lost = judgement.loss.model_copy(update={"lost_operations": Interval(low=3, high=3)})
    without = judgement.model_copy(update={"failback": None, "settlement": None, "loss": lost})
    assert not_part_of(without) == (NO_FAILBACK, NO_RECONCILIATION)


def test_the_top_of_the_report_tells_both_in_a_sentence(judgement: Judgement) -> None:
    told = what_happened(drill(), judgement)
    assert told.endswith(
        "On the way home transfer paused for 0.80 to 1.10 s; 2 payments (₹3.00) lost there. "
        "Reconciliation: 1 payment (₹1,23,456.78) re-applied and 1 payment (₹1.00) in conflict; "
        "what was lost stays counted as lost."
    )


@pytest.mark.parametrize(
    ("state", "lost", "said"),
    [
        (
            "never down",
            Count(operations=0, paise=0),
            "On the way home transfer never fell below the level; nothing was lost there.",
        ),
        ("never restored", None, "On the way home transfer did not come back; what was lost there is not known."),
    ],
)
def test_a_way_home_is_told_as_it_was(judgement: Judgement, state: str, lost: Count | None, said: str) -> None:
    assert judgement.failback is not None
    home = judgement.failback.model_copy(
        update={"recoveries": (HOME.model_copy(update={"state": state}),), "lost": lost}
    )
    assert afterwards_sentences(judgement.model_copy(update={"failback": home, "settlement": None})) == [said]


def test_of_several_journeys_the_slowest_is_named(judgement: Judgement) -> None:
    quick = HOME.model_copy(update={"journey": "balance", "rta_s": Interval(low=0.1, high=0.2)})
    assert judgement.failback is not None
    home = judgement.failback.model_copy(update={"recoveries": (quick, HOME)})
    (told, _) = afterwards_sentences(judgement.model_copy(update={"failback": home}))
    assert told.startswith("On the way home balance and transfer paused, transfer longest (0.80 to 1.10 s); 2 payments")


def test_the_next_steps_are_the_conflicts_and_the_signature(judgement: Judgement) -> None:
    """Not the lost payments one by one: that is what the reconciliation has done."""
    steps = what_to_do(drill(), judgement)
    assert steps[:2] == [
        "Settle 1 payment (₹1.00) with their customers: the bank could not re-apply them; each is listed with the reason.",
        "Have the table of the reconciliation compared with the books, and signed.",
    ]
    left = SETTLEMENT.model_copy(update={"unsettled": Count(operations=3, paise=300)})
    assert settling_steps(left)[0].startswith("Run the reconciliation again: 3 payments (₹3.00) got no answer.")


def test_the_steps_home_come_from_the_marks_of_the_way_home_alone(judgement: Judgement) -> None:
    steps = steps_home(judgement)
    assert [step.at_s for step in steps] == [40.0, 42.5, 43.0, 50.0, 60.0, 60.1, 60.9]
    assert steps[3].words == "the old primary follows as a connected secondary, in sync (0.004 s behind)"
    assert (steps[0].took_s, steps[3].took_s) == (None, 7.0)
    page = render_html(drill(), judgement, context=CONTEXT)
    assert "in sync (0.004 s behind)" in page[page.index('id="failback"') : page.index('id="reconciliation"')]


def test_the_outage_of_the_way_home_is_shaded_where_it_was(judgement: Judgement) -> None:
    """Its end counts from its own request, at 60 s."""
    assert (60.1, 61.1) in all_outages(judgement, 100.0)


def test_the_accountant_sees_how_many_were_compared_and_what_the_customer_was_told(judgement: Judgement) -> None:
    page = render_html(drill(), judgement, context=CONTEXT)
    part = page[page.index('id="reconciliation"') : page.index('id="books"')]
    assert "The rescued books hold 52 payments. 50 of them stand in the surviving books" in part
    assert '<td class="t">done</td>' in part and "acked" not in part


def test_many_payments_do_not_hide_those_for_people_to_settle(judgement: Judgement) -> None:
    many = (*(payment(number, "re-applied") for number in range(60)), payment(902, "conflict", "insufficient funds"))
    long = SETTLEMENT.model_copy(update={"payments": many})
    page = render_html(drill(), judgement.model_copy(update={"settlement": long}), context=CONTEXT)
    part = page[page.index("For people to settle") : page.index("Every rescued payment:")]
    assert part.count("insufficient funds") == 1
    assert "re-applied" not in part
