"""How the drill itself went: whether the disaster bit, every fault was healed, and the record can be trusted."""

from __future__ import annotations

from collections.abc import Iterator

from drdrill.measure.absence import absent_recorders
from drdrill.measure.attempts import Attempts
from drdrill.measure.disaster import Disaster, in_time
from drdrill.measure.figures import counted
from drdrill.measure.findings import finding, unknown
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Verdict
from drdrill.model.mark import DRILL_ABORTED, FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED, HEAL_REFUSED, Mark

_HEADS = ("Every fault is healed", "Not every fault is healed")


def disaster_finding(disaster: Disaster) -> Finding:
    """Whether there was a disaster at all: requested, and shown to bite."""
    asked = "requested and shown to bite"
    missing = disaster.missing_because()
    if missing is not None:
        return unknown("disaster", "The disaster", missing, asked)
    told = f"{disaster.name} was shown to bite {disaster.bit_after()} after it was requested"
    return finding(
        "disaster", "The disaster", ("The disaster bit", ""), Verdict.PASS, told, observed=told, objective=asked
    )


def heal_finding(history: History) -> Finding:
    """Whether every fault was taken back after it was last injected.

    A refused heal is a fail: it is known that the estate was left broken. Without any word it is only unknown.
    """
    asked = "every fault is healed"
    states = dict(_heals(in_time(history.marks)))
    if not states:
        return unknown("heal", "Healing", "no fault was requested, so none was healed", asked)
    worst = [told for verdict in (Verdict.FAIL, Verdict.UNKNOWN) for found, told in states.values() if found is verdict]
    verdicts = {verdict for verdict, _ in states.values()}
    verdict = next(grave for grave in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS) if grave in verdicts)
    told = "; ".join(worst) or f"{counted(len(states), 'fault')} healed ({', '.join(sorted(states))})"
    return finding("heal", "Healing", _HEADS, verdict, told, observed=told, objective=asked)


def _heals(marks: tuple[Mark, ...]) -> Iterator[tuple[str, tuple[Verdict, str]]]:
    injected: dict[str, int] = {}
    for mark in marks:
        if mark.name in (FAULT_REQUESTED, FAULT_PROVED):
            injected[str(mark.detail.get("fault"))] = mark.at_ns
    for fault, since_ns in sorted(injected.items()):
        later = [mark for mark in marks if mark.at_ns >= since_ns and str(mark.detail.get("fault")) == fault]
        refused = [mark for mark in later if mark.name == HEAL_REFUSED]
        if any(mark.name == FAULT_HEALED for mark in later):
            yield fault, (Verdict.PASS, "")
        elif refused:
            why = str(refused[-1].detail.get("reason", "no reason was given"))
            yield fault, (Verdict.FAIL, f"{fault} is still in force, because healing it was refused ({why})")
        else:
            yield fault, (Verdict.UNKNOWN, f"{fault} may still be in force: nothing says that it was healed")


def record_finding(history: History, attempts: Attempts) -> Finding:
    """Whether the record is whole. A gap in it is never counted against the bank, and never for it."""
    asked = "the record is whole"
    problems = [*history.problems, *attempts.problems]
    names = {recorder.number: recorder.name for recorder in history.recorders}
    absent = absent_recorders(history)
    problems += [
        f"the record of recorder {names.get(number, f'number {number}')} is missing: {why}"
        for number, why in absent.items()
    ]
    for number in sorted(attempts.died - absent.keys()):
        name = names.get(number, f"number {number}")
        problems.append(f"recorder {name} did not close its record, so what it would have seen next is missing")
    problems += [
        f"recorder {recorder.name} left {counted(recorder.torn, 'torn record')}"
        for recorder in history.recorders
        if recorder.torn
    ]
    if problems:
        return unknown("record", "The record", "; ".join(problems), asked)
    operations = counted(len(history.operations), "operation")
    told = f"{operations} of {counted(len(history.recorders), 'recorder')}, all closed"
    return finding(
        "record", "The record", ("The record is whole", ""), Verdict.PASS, told, observed=told, objective=asked
    )


def abort_findings(history: History) -> Iterator[Finding]:
    """One finding when the drill was aborted: what an unfinished drill did not show stays unknown."""
    for mark in in_time(history.marks):
        if mark.name == DRILL_ABORTED:
            why = str(mark.detail.get("reason", f"{mark.source} gave no reason"))
            yield unknown("abort", "The drill", f"it was aborted ({why})", "the drill runs to its end")
            return


def was_aborted(history: History) -> bool:
    """Whether an operator or a stop condition ended the drill."""
    return any(mark.name == DRILL_ABORTED for mark in history.marks)
