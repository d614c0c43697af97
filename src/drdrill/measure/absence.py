"""Recorders whose operations are not in the history at all: what they saw cannot acquit, so nothing passes without them.

A recorder that died with its record at hand left every operation that it began; one whose record never came, or cannot be
used, may have seen any number of promises. Shares of the load are dealt out evenly, so what is on record is a fair sample
of the load: a fail that it shows stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drdrill.measure.figures import counted
from drdrill.measure.verdicts import weakened
from drdrill.model.history import History
from drdrill.model.judgement import Finding
from drdrill.model.mark import RECORDER_LOST


def absent_recorders(history: History) -> dict[int, str]:
    """The number of each recorder without a usable record, and why it has none."""
    there = {one.number for one in history.recorders if not one.unusable}
    absent = {one.number: one.unusable for one in history.recorders if one.unusable}
    for mark in history.marks:
        number = mark.detail.get("recorder")
        if mark.name == RECORDER_LOST and isinstance(number, int) and number not in there:
            absent.setdefault(number, str(mark.detail.get("reason", "its record was lost")))
    return dict(sorted(absent.items()))


def without_the_absent(history: History, found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, as far as they hold although what the absent recorders saw is missing."""
    absent = absent_recorders(history)
    for one in found:
        verdict = weakened(one.verdict) if absent else one.verdict
        if verdict is one.verdict:
            yield one
            continue
        because = (
            f"what {counted(len(absent), 'recorder')} saw is missing, and it may show more than this: {one.observed}"
        )
        yield one.model_copy(update={"verdict": verdict, "reason": f"{one.title} unknown: {because}"})
