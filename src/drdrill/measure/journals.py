"""The two books of the performance: our own marks, and the journal that the Chaos Toolkit wrote. They must agree."""

from __future__ import annotations

from collections import Counter

from drdrill.measure.figures import counted
from drdrill.measure.findings import finding, unknown
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Verdict
from drdrill.model.mark import ACTIVITY_ENDED, ACTIVITY_STARTED

_ASKED = "both books tell the same activities"


def journal_finding(history: History) -> Finding:
    """Whether every activity in the one book is in the other, equally often and with the same end."""
    if history.journal is None:
        return unknown("journal", "The journal", "there is no journal to compare with the marks", _ASKED)
    journalled = Counter(entry.activity for entry in history.journal)
    journalled_ends = Counter((entry.activity, entry.ok) for entry in history.journal)
    started: Counter[str] = Counter()
    ended: Counter[tuple[str, bool]] = Counter()
    for mark in history.marks:
        activity = str(mark.detail.get("activity"))
        if mark.name == ACTIVITY_STARTED:
            started[activity] += 1
        elif mark.name == ACTIVITY_ENDED:
            ended[activity, bool(mark.detail.get("ok"))] += 1
    if not journalled and not started and not ended:
        return unknown("journal", "The journal", "neither the journal nor the marks tell of any activity", _ASKED)
    differences = [
        *_differences(journalled, started, "was started"),
        *_differences(
            Counter({_end(*key): number for key, number in journalled_ends.items()}),
            Counter({_end(*key): number for key, number in ended.items()}),
            "ended",
        ),
    ]
    if differences:
        return unknown("journal", "The journal", f"the two books disagree: {'; '.join(differences)}", _ASKED)
    failed = sum(number for (_, ok), number in ended.items() if not ok)
    told = f"{counted(journalled.total(), 'activity').replace('activitys', 'activities')} in both, {failed} failed"
    return finding(
        "journal", "The journal", ("Both books agree", ""), Verdict.PASS, told, observed=told, objective=_ASKED
    )


def _end(activity: str, ok: bool) -> str:
    return f"{activity} ({'well' if ok else 'badly'})"


def _differences(journal: Counter[str], marks: Counter[str], verb: str) -> list[str]:
    return [
        f"{activity} {verb} {marks[activity]} times by the marks and {journal[activity]} times by the journal"
        for activity in sorted(set(journal) | set(marks))
        if journal[activity] != marks[activity]
    ]
