"""What came after the recovery, in words: the way home, and what became of the lost payments."""

from __future__ import annotations

from drdrill.model.judgement import Count, Failback, Judgement, Loss, Recovery, Settlement
from drdrill.report.rupees import rupees
from drdrill.report.wording import amount, listed, plural, region_name, seconds

NO_FAILBACK = "A failback to the primary region: it is a recovery of its own, and was not part of this drill."
NO_RECONCILIATION = "A reconciliation of the lost payments: none was part of this drill."

TOLD = {"acked": "done", "unknown": "nothing: no answer was heard", "refused": "no", "unsent": "nothing: it never left"}
"""What a customer had been told, in a customer's words. Any other word is printed as it is."""

_STATES = {
    "never down": "never fell below the level",
    "never restored": "did not come back",
    "not yet stable": "came back, and was not seen to hold",
    "not evaluable": "cannot be judged",
}


def afterwards_lines(judgement: Judgement) -> list[str]:
    """One line for each journey on the way home, its loss, and the reconciliation; empty when there was neither."""
    lines = [] if judgement.failback is None else list(_failback_lines(judgement.failback))
    return lines + ([] if judgement.settlement is None else [_settlement_line(judgement.settlement)])


def afterwards_sentences(judgement: Judgement) -> list[str]:
    """The same in a sentence each, for the reader who reads only the top."""
    sentences = [] if judgement.failback is None else [_home_sentence(judgement.failback)]
    return sentences + ([] if judgement.settlement is None else [_settled_sentence(judgement.settlement)])


def settling_steps(settled: Settlement) -> list[str]:
    """What people still have to do about the lost payments after a reconciliation, the most urgent first."""
    steps = []
    if settled.unsettled.operations:
        steps.append(
            f"Run the reconciliation again: {_worth(settled.unsettled)} got no answer. An operation is booked once, however often it is asked for."
        )
    if settled.conflicts.operations:
        steps.append(
            f"Settle {_worth(settled.conflicts)} with their customers: the bank could not re-apply them; each is listed with the reason."
        )
    return [*steps, "Have the table of the reconciliation compared with the books, and signed."]


def acknowledged(loss: Loss) -> int:
    """How many payments customers had been told were done: those that are kept, and those that are lost."""
    return sum(loss.classes[name].operations for name in ("kept", "lost") if name in loss.classes)


def lag_line(loss: Loss) -> str:
    """What the lag metric said before the cut, and how old that was then: it is no measure of the loss."""
    assert loss.lag_metric_s is not None
    source, told = loss.lag_metric_source or "its metric", amount(loss.lag_metric_s)
    if loss.lag_metric_age_s is None:
        return f"lag at the cut, as {source} said: {told}"
    return f"lag, as {source} said {amount(round(loss.lag_metric_age_s, 2))} before the cut: {told}"


def _home_sentence(failback: Failback) -> str:
    states: dict[str, list[Recovery]] = {}
    for one in failback.recoveries:
        states.setdefault(one.state, []).append(one)
    told = [_together(state, group) for state, group in states.items()] or ["nothing can be said of any journey"]
    lost = failback.lost
    if lost is None:
        money = "what was lost there is not known"
    else:
        money = f"{_worth(lost)} lost there" if lost.operations else "nothing was lost there"
    return f"On the way home {', '.join(told)}; {money}."


def _together(state: str, group: list[Recovery]) -> str:
    names = listed([one.journey for one in group])
    if state != "restored":
        return f"{names} {_STATES.get(state, state)}"
    known = [(one.rta_s, one.journey) for one in group if one.rta_s is not None]
    if not known:
        return f"{names} paused"
    rta_s, slowest = max(known, key=lambda pair: pair[0].high or 0.0)
    return (
        f"{names} paused for {seconds(rta_s)}"
        if len(group) == 1
        else f"{names} paused, {slowest} longest ({seconds(rta_s)})"
    )


def _settled_sentence(settled: Settlement) -> str:
    parts = [f"{_worth(settled.applied)} re-applied", f"{_worth(settled.conflicts)} in conflict"]
    if settled.unsettled.operations:
        parts.append(f"{_worth(settled.unsettled)} not settled")
    return f"Reconciliation: {listed(parts)}; what was lost stays counted as lost."


def _worth(count: Count) -> str:
    return f"{plural(count.operations, 'payment')} ({rupees(count.paise)})"


def not_part_of(judgement: Judgement) -> tuple[str, ...]:
    """What a reader might expect to follow a recovery, and this drill did not do."""
    said = () if judgement.failback is not None else (NO_FAILBACK,)
    has_loss = judgement.loss.lost_operations is not None and judgement.loss.lost_operations.high != 0
    return said if judgement.settlement is not None or not has_loss else (*said, NO_RECONCILIATION)


def _failback_lines(failback: Failback) -> list[str]:
    lines = [f"on the way home, {_recovered(one)}" for one in failback.recoveries]
    if failback.lost is None:
        return [*lines, "lost on the way home: unknown"]
    return [
        *lines,
        f"lost on the way home: {plural(failback.lost.operations, 'payment')}, {rupees(failback.lost.paise)}{_age(failback)}",
    ]


def _age(failback: Failback) -> str:
    age = failback.oldest_lost_age_s
    return "" if age is None or age.high == 0 else f"; observed RPO {seconds(age)}"


def _recovered(one: Recovery) -> str:
    observed = f", observed RTO {seconds(one.rta_s)}" if one.rta_s is not None else ""
    return f"{one.journey}: {one.state}{observed}"


def _settlement_line(settled: Settlement) -> str:
    parts = [
        f"{plural(settled.applied.operations, 'lost payment')} re-applied in {region_name(settled.into_region)}"
        f" ({rupees(settled.applied.paise)})",
        f"{settled.conflicts.operations} in conflict ({rupees(settled.conflicts.paise)})",
    ]
    if settled.unsettled.operations:
        parts.append(f"{settled.unsettled.operations} NOT SETTLED ({rupees(settled.unsettled.paise)})")
    return f"reconciliation: {', '.join(parts)}"
