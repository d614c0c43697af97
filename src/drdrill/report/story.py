"""One sentence of what happened, what it means, and what to do: for the reader who has a minute."""

from __future__ import annotations

from drdrill.model.drill import Drill
from drdrill.model.fault import PLANNED_SWITCHOVER
from drdrill.model.judgement import Judgement, Loss, Recovery, Verdict
from drdrill.model.mark import DRILL_ABORTED
from drdrill.report.afterwards import acknowledged, afterwards_sentences, settling_steps
from drdrill.report.rupees import grouped, rupees_between
from drdrill.report.verdicts import gravest, stopped_early, told
from drdrill.report.wording import amount, count, listed, particulars, plural, region_name, seconds

_DEFECTS = ("ghost", "stranger", "doubled", "altered", "resurrected")


def what_happened(drill: Drill, judgement: Judgement) -> str:
    """The drill in one sentence: the disaster, the service, the money."""
    if judgement.disaster_s is None:
        return (
            f"{_prelude(judgement)}No disaster ({drill.disaster}) was proved, so nothing can be said about recovering "
            f"from it; {_money(judgement.loss)}."
        )
    where = "the lab" if drill.target.kind == "lab" else drill.target.name
    service, began = _service(judgement.recoveries), f"After the disaster ({drill.disaster}, on {where})"
    if drill.disaster == PLANNED_SWITCHOVER:
        began = f"After the planned switchover (on {where})"
    told = f"{_prelude(judgement)}{began}, {service}; {_money(judgement.loss)}."
    return " ".join((told, *afterwards_sentences(judgement)))


def _prelude(judgement: Judgement) -> str:
    early = stopped_early(judgement)
    if early is None:
        return ""
    told = next((mark.detail for mark in judgement.marks if mark.name == DRILL_ABORTED), {})
    because = str(told.get("reason", "")) or particulars(told)
    return f"The drill was {early}{f' ({because})' if because else ''}. "


def _service(recoveries: tuple[Recovery, ...]) -> str:
    if not recoveries:
        return "no journey was observed"
    parts = [_never_restored(recoveries), _open(recoveries), _restored(recoveries), _never_down(recoveries)]
    return ", ".join(part for part in parts if part)


def _in_state(recoveries: tuple[Recovery, ...], *states: str) -> list[Recovery]:
    return [recovery for recovery in recoveries if recovery.state in states]


def _names(recoveries: list[Recovery]) -> str:
    return listed([recovery.journey for recovery in recoveries])


def _never_restored(recoveries: tuple[Recovery, ...]) -> str:
    dead = _in_state(recoveries, "never restored")
    return (
        f"{_names(dead)} did not come back within the {amount(max(r.watched_s for r in dead))} watched" if dead else ""
    )


def _open(recoveries: tuple[Recovery, ...]) -> str:
    doubtful = _in_state(recoveries, "not yet stable", "not evaluable")
    return f"whether {_names(doubtful)} recovered cannot be said" if doubtful else ""


def _restored(recoveries: tuple[Recovery, ...]) -> str:
    back = _in_state(recoveries, "restored")
    if not back:
        return ""
    known = [(recovery.journey, recovery.rta_s) for recovery in back if recovery.rta_s is not None]
    if not known:
        return f"{_names(back)} came back"
    journey, slowest = max(known, key=lambda pair: float("inf") if pair[1].high is None else pair[1].high)
    if len(back) == 1:
        return f"{journey} was served again after {seconds(slowest)}"
    return f"{_names(back)} were served again, the slowest ({journey}) after {seconds(slowest)}"


def _never_down(recoveries: tuple[Recovery, ...]) -> str:
    up = _in_state(recoveries, "never down")
    return f"{_names(up)} never fell below the service level" if up else ""


def _money(loss: Loss) -> str:
    if not loss.valid or loss.lost_operations is None:
        return f"how many payments were lost is not known{f' ({loss.invalid_because})' if loss.invalid_because else ''}"
    if loss.lost_operations.high == 0:
        promised = acknowledged(loss)
        return (
            f"none of the {grouped(promised)} acknowledged payments was lost"
            if promised
            else "no payment was acknowledged"
        )
    worth = f", worth {rupees_between(loss.lost_paise)}" if loss.lost_paise else ""
    split = _counted(loss, "split-brain")
    late = f", {grouped(split)} of them in split brain" if split else ""
    return (
        f"of the payments that customers had been told were done, {count(loss.lost_operations)} are gone{worth}{late}"
    )


def what_it_means(drill: Drill, judgement: Judgement) -> list[str]:
    """What the verdict allows a reader to say, and what it does not."""
    verdict = gravest(judgement)
    lines = [_meaning(verdict, judgement)]
    if drill.time_scale != 1:
        lines.append(
            f"It ran at a time scale of 1:{drill.time_scale:g}: its seconds may be held against the scaled objectives alone, "
            "which stand beside those at full scale."
        )
    if drill.target.kind == "lab":
        lines.append(
            "It speaks of the lab: proof of runbook and instrument, never of AWS timing. Every figure here would have "
            "to be observed again on the real estate."
        )
    return lines


def _meaning(verdict: Verdict, judgement: Judgement) -> str:
    if stopped_early(judgement):
        return "The drill did not run to its end. Whatever stands below is what was recorded until then; it proves no recovery."
    return {
        Verdict.PASS: "Every objective that was set before the run was met, on this estate, on this day, in this disaster.",
        Verdict.FAIL: "At least one objective that was set before the run was missed. The recovery, as drilled, is not fit for it.",
        Verdict.UNKNOWN: "At least one objective could not be measured well enough to say. That is not a pass: nothing may be "
        "claimed about it until the cause is removed and the drill is run again.",
    }[verdict]


def what_to_do(drill: Drill, judgement: Judgement) -> list[str]:
    """The next steps that the observations call for, the most urgent first."""
    steps = _about_the_rest(judgement)
    if judgement.disaster_s is not None or judgement.loss.valid:
        steps = [*_about_service(drill, judgement), *_about_money(judgement), *steps]
    return steps or ["Keep this report with its evidence, and repeat the drill when the estate or the runbook changes."]


def _about_service(drill: Drill, judgement: Judgement) -> list[str]:
    steps = []
    dead = _in_state(judgement.recoveries, "never restored")
    if dead:
        steps.append(
            f"Do not rely on this runbook: {_names(dead)} never came back. Find the last mark it reached, and start there."
        )
    shaky = _in_state(judgement.recoveries, "not yet stable")
    if shaky:
        hold = amount(drill.service_level.hold_s)
        steps.append(f"Watch longer: {_names(shaky)} came back, but was not seen to hold for {hold}.")
    if any(recovery.relapses for recovery in judgement.recoveries):
        steps.append("Find out why the service fell again after it had come back (relapses, below).")
    return steps


def _about_money(judgement: Judgement) -> list[str]:
    loss = judgement.loss
    if not loss.valid or loss.lost_operations is None:
        return [
            "Make the survivors readable after all writers have stopped; until then no statement on loss is possible."
        ]
    steps = []
    if judgement.settlement is not None:
        steps += settling_steps(judgement.settlement)
    elif loss.lost_operations.high != 0:
        where = (
            "the first of them are listed below" if loss.lost_not_listed else "each is listed below with its accounts"
        )
        steps.append(f"Settle the lost payments ({count(loss.lost_operations)}) one by one; {where}.")
    if _lost_before(judgement):
        steps.append(
            "Ask why replication was that far behind at the cut, and whether the objective or the strategy is to change."
        )
    if _counted(loss, "split-brain"):
        steps.append("Fence the old primary earlier: it went on saying done after the disaster had been proved.")
    defects = [name for name in _DEFECTS if _counted(loss, name)]
    if defects:
        steps.append(
            f"Mend the application before anything else: the books hold what must never be there ({listed(defects)})."
        )
    return steps


def _lost_before(judgement: Judgement) -> bool:
    """Whether payments acked before the disaster were lost by it: what split brain lost was no fault of replication."""
    lost = judgement.loss.lost_operations
    assert lost is not None
    return judgement.disaster_s is not None and (
        lost.high is None or lost.high > _counted(judgement.loss, "split-brain")
    )


def _counted(loss: Loss, name: str) -> int:
    found = [*loss.classes.items(), *loss.flags.items()]
    return sum(number.operations for key, number in found if key.replace("_", "-") == name)


def _about_the_rest(judgement: Judgement) -> list[str]:
    steps = ["Make sure that nothing is left injected, then run the drill again."] if stopped_early(judgement) else []
    broken = [check for check in judgement.books if check.verdict is Verdict.FAIL]
    if broken:
        steps.append(
            f"Close the books by hand: {plural(len(broken), 'rule')} of book-keeping did not hold (the books, below)."
        )
    unknown = [finding.title for finding in judgement.findings if finding.verdict is Verdict.UNKNOWN]
    if unknown:
        steps.append(f"Remove what kept these from being measured, then run the drill again: {listed(unknown)}.")
    failed = [finding.title for finding in judgement.findings if finding.verdict is Verdict.FAIL]
    if failed:
        steps.append(f"Mend, then test again the same way. Missed: {listed(failed)}.")
    return steps


def limits_of(drill: Drill, judgement: Judgement) -> list[str]:
    """What no report of this kind shows, whatever it says."""
    lines = [
        "Any other disaster, another data strategy, or more load than the traffic that is printed here.",
        "Accounts other than the drill's own canary accounts: no customer's payment was touched or looked at.",
        "How long people take to decide: the runbook was started by the experiment itself.",
    ]
    if drill.target.kind == "lab":
        lines.insert(
            0,
            "AWS's own durations (failover of a cluster, rebuilding of a secondary, copies of snapshots, health checks, name caches "
            "of real clients): the lab is not AWS.",
        )
    sentences = told(judgement)
    unset = [f.title for f in judgement.findings if f.verdict is Verdict.NOT_ASSESSED and f not in sentences]
    if unset:
        lines.append(f"Whether these are good enough, because no objective was set: {listed(unset)}.")
    return lines


def estate_line(drill: Drill) -> str:
    """Which estate was drilled, and from where to where."""
    primary, recovery = (region_name(region) for region in drill.target.regions)
    kind = "the embedded lab" if drill.target.kind == "lab" else f"AWS account {drill.target.account_id}"
    return f"{drill.target.name}: {kind}, primary {primary}, recovery {recovery}"
