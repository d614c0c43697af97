"""What the reconciliation says about the objectives: RPO, loss, split brain, and what is never allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drdrill.measure.attempts import Attempts
from drdrill.measure.disaster import Disaster
from drdrill.measure.figures import counted, plain, rupees, seconds_of, spread
from drdrill.measure.findings import WITNESSES, asked_s, finding, unknown
from drdrill.measure.loss import Moments
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.verdicts import by_interval
from drdrill.model.drill import Drill
from drdrill.model.judgement import Finding, Interval, Loss, Verdict

_NEVER_ALLOWED = (
    (Presence.GHOST, "Ghosts", "the bank did what it had told the client it would not do"),
    (Presence.STRANGER, "Strangers", "the books hold transfers that nobody asked for"),
    (Flag.DOUBLED, "Doubled transfers", "transfers were executed more than once"),
    (Flag.ALTERED, "Altered transfers", "transfers differ from what was asked for"),
    (Flag.RESURRECTED, "Resurrected transfers", "transfers were gone and came back later"),
)
_NONE = "0 operations"


def unread_findings(drill: Drill, because: str) -> Iterator[Finding]:
    """Every finding on loss when the survivors prove nothing."""
    yield unknown("rpo", "RPO", because, _asked_rpo(drill))
    yield unknown("loss", "Loss", because, _operations(drill.objectives.loss_operations))
    yield unknown("split-brain", "Split brain", because, _operations(drill.objectives.split_brain_operations))
    for kind, title, _ in _NEVER_ALLOWED:
        yield unknown(kind.word, title, because, _NONE)
    yield unknown("books", "Integrity of the books", because, "every rule holds")


@dataclass(frozen=True)
class LossView:
    """What the findings on loss look at."""

    drill: Drill
    disaster: Disaster
    attempts: Attempts
    found: Reconciliation
    moments: Moments
    loss: Loss

    def ids(self, of: Presence | Flag) -> tuple[int, ...]:
        """Some operations of a class, or with a flag."""
        if of is Presence.STRANGER:
            outsiders = self.found.outsiders
            strangers = outsiders.op_ids[outsiders.presence == Presence.STRANGER][:WITNESSES]
            return tuple(int(identity) for identity in strangers)
        rows = self.found.of_class(of) if isinstance(of, Presence) else self.found.with_flag(of)
        return self.attempts.ids_at(rows[:WITNESSES])

    def oldest_lost(self) -> tuple[int, ...]:
        """The lost payments acked first."""
        return tuple(payment.op_id for payment in self.loss.lost[:WITNESSES])


def loss_findings(view: LossView) -> Iterator[Finding]:
    """Every finding on loss, from a valid read."""
    yield _rpo(view)
    yield _loss(view)
    yield _split_brain(view)
    for kind, title, told in _NEVER_ALLOWED:
        yield _never(view, kind, title, told)


def _rpo(view: LossView) -> Finding:
    objective, asked = view.drill.objectives.rpo_s, _asked_rpo(view.drill)
    nothing = _nothing_to_lose(view)
    if nothing is not None:
        return unknown("rpo", "RPO", nothing, asked)
    assert view.loss.lost_operations is not None
    age = view.loss.oldest_lost_age_s
    if objective == 0:
        lost = view.loss.lost_operations
        told = f"{_amount(view.loss)} acked and lost"
        return _judged_rpo(view, by_interval(lost, 0), told, lost, "operations", spread(lost, "operations"))
    assert age is not None
    told = f"the oldest lost write had been acked {spread(age, 's')} before the disaster ({_amount(view.loss)} lost)"
    if view.loss.lost_operations.high == 0:
        told = "no acked write was lost"
    elif age.high == 0:
        told = f"nothing acked before the disaster was lost ({_amount(view.loss)} acked after it was)"
    if view.moments.is_unbounded:
        told += ", and no older write survived: everything the drill wrote is gone"
    if objective is None:
        return _judged_rpo(view, Verdict.NOT_ASSESSED, told, age, "s", spread(age, "s"))
    verdict = by_interval(age, objective)
    short = _baseline_too_short(view, objective)
    if short is not None and verdict is not Verdict.FAIL:
        return _judged_rpo(view, Verdict.UNKNOWN, f"{told}, but {short}", age, "s", spread(age, "s"))
    return _judged_rpo(view, verdict, told, age, "s", spread(age, "s"))


def _judged_rpo(view: LossView, verdict: Verdict, told: str, interval: Interval, unit: str, observed: str) -> Finding:
    return finding(
        "rpo",
        "RPO",
        ("RPO met", "RPO missed"),
        verdict,
        told,
        observed=observed,
        objective=_asked_rpo(view.drill),
        interval=interval,
        unit=unit,
        witnesses=view.oldest_lost(),
    )


def _nothing_to_lose(view: LossView) -> str | None:
    missing = view.disaster.missing_because()
    if missing is not None:
        return missing
    assert view.disaster.request_ns is not None
    if view.moments.first_ack_ns is None or view.moments.first_ack_ns >= view.disaster.request_ns:
        return "no write was acked before the disaster, so none could be lost by it"
    return None


def _baseline_too_short(view: LossView, objective: float) -> str | None:
    assert view.disaster.request_ns is not None and view.moments.first_ack_ns is not None
    baseline_s = seconds_of(view.disaster.request_ns - view.moments.first_ack_ns - view.attempts.clock.bound_ns)
    if baseline_s > objective:
        return None
    return f"the baseline of {plain(baseline_s)} s is not longer than the objective it would prove"


def _loss(view: LossView) -> Finding:
    objective, lost = view.drill.objectives.loss_operations, view.loss.lost_operations
    asked = _operations(objective)
    assert lost is not None
    if view.moments.first_ack_ns is None:
        return unknown("loss", "Loss", "no write was acked, so none could be lost", asked)
    verdict = Verdict.NOT_ASSESSED if objective is None else by_interval(lost, objective)
    told = f"{_amount(view.loss)} acked and lost, of {counted(view.loss.customers or 0, 'customer')}"
    return finding(
        "loss",
        "Loss",
        ("Loss within the objective", "Too much was lost"),
        verdict,
        told,
        observed=_amount(view.loss),
        objective=asked,
        interval=lost,
        unit="operations",
        witnesses=view.oldest_lost(),
    )


def _split_brain(view: LossView) -> Finding:
    objective = view.drill.objectives.split_brain_operations
    asked, missing = _operations(objective), view.disaster.missing_because()
    if missing is not None:
        return unknown("split-brain", "Split brain", missing, asked)
    number = view.loss.flags[Flag.SPLIT_BRAIN.word].operations
    interval = _after_the_bite(view)
    verdict = Verdict.NOT_ASSESSED if objective is None else by_interval(interval, objective)
    told = f"{counted(number, 'write')} sent after the disaster had bitten, acked, and lost"
    if view.loss.split_brain_span_s is not None:
        told += f", over {plain(view.loss.split_brain_span_s)} s"
    if interval.low != interval.high:
        told += f" (the clocks allow {spread(interval, 'operations')})"
    return finding(
        "split-brain",
        "Split brain",
        ("Split brain within the objective", "Split brain"),
        verdict,
        told,
        observed=counted(number, "operation"),
        objective=asked,
        interval=interval,
        unit="operations",
        witnesses=view.ids(Flag.SPLIT_BRAIN),
    )


def _after_the_bite(view: LossView) -> Interval:
    """How many lost writes were sent after the disaster had bitten: beyond doubt, and at most, as far as the clocks are known."""
    bound_ns, proved_ns = view.attempts.clock.bound_ns, view.disaster.proved_ns
    assert proved_ns is not None
    late_ns = view.attempts.time_at("sent_ns", view.found.of_class(Presence.LOST)) - proved_ns
    return Interval(low=int((late_ns > bound_ns).sum()), high=int((late_ns > -bound_ns).sum()))


def _never(view: LossView, kind: Presence | Flag, title: str, told: str) -> Finding:
    seen = view.loss.classes if isinstance(kind, Presence) else view.loss.flags
    count = seen[kind.word]
    broken = count.operations > 0
    sentence = f"{told}: {counted(count.operations, 'operation')}, {rupees(count.paise)}" if broken else "none found"
    return finding(
        kind.word,
        title,
        (f"No {title.lower()}", title),
        Verdict.FAIL if broken else Verdict.PASS,
        sentence,
        observed=counted(count.operations, "operation"),
        objective=_NONE,
        interval=Interval(low=count.operations, high=count.operations),
        unit="operations",
        witnesses=view.ids(kind),
    )


def _amount(loss: Loss) -> str:
    assert loss.lost_operations is not None and loss.lost_paise is not None
    low, high = int(loss.lost_paise.low), int(loss.lost_paise.high or 0)
    money = rupees(low) if low == high else f"{rupees(low)} to {rupees(high)}"
    noun = "operation" if loss.lost_operations.low == loss.lost_operations.high == 1 else "operations"
    return f"{spread(loss.lost_operations, noun)} ({money})"


def _asked_rpo(drill: Drill) -> str | None:
    if drill.objectives.rpo_s == 0:
        return "0 s, that is 0 operations"
    return asked_s(drill, drill.objectives.rpo_s)


def _operations(objective: int | None) -> str | None:
    return None if objective is None else counted(objective, "operation")
