"""The steps of a failback, from the marks: when each was seen to be done, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator

from drdrill.model import mark
from drdrill.model.frozen import Frozen
from drdrill.model.judgement import Judgement, MarkAt
from drdrill.report.wording import amount

_STEPS = {
    mark.FENCE_PROVED: "the old primary is back behind its cut links, and was seen to refuse a write",
    mark.FAULT_HEALED: "its region can be reached again",
    mark.FAILBACK_STARTED: "the failback began",
    mark.LAG_OBSERVED: "the old primary follows as a connected secondary, in sync",
    mark.FAILBACK_REQUESTED: "the exchange of roles was asked for",
    mark.FAILBACK_PROVED: "the other region refuses payments",
    mark.DATABASE_WRITABLE: "payments can be made at home",
    mark.TRAFFIC_ROUTED: "customers arrive at home",
    mark.SERVICE_RESTORED: "every journey is served again",
    mark.FAILBACK_ENDED: "and has held",
}
_ONLY_AFTER_THE_REQUEST = frozenset((mark.DATABASE_WRITABLE, mark.TRAFFIC_ROUTED, mark.SERVICE_RESTORED))


class Step(Frozen):
    """One step: what was seen, when (seconds on the drill's axis), and how long after the step before it."""

    words: str
    at_s: float
    took_s: float | None


def steps_home(judgement: Judgement) -> list[Step]:
    """Every step of the way home that is on record, in order; empty without a failback."""
    if judgement.failback is None:
        return []
    steps: list[Step] = []
    for at_s, words in sorted(_seen(judgement, judgement.failback.requested_s)):
        steps.append(Step(words=words, at_s=at_s, took_s=at_s - steps[-1].at_s if steps else None))
    return steps


def _seen(judgement: Judgement, requested_s: float) -> Iterator[tuple[float, str]]:
    taken: set[str] = set()
    for one in judgement.marks:
        is_early = one.name in _ONLY_AFTER_THE_REQUEST and one.at_s < requested_s
        if one.name in _STEPS and one.name not in taken and not is_early and _is_of_the_way_home(one):
            taken.add(one.name)
            yield one.at_s, _STEPS[one.name] + _detail(one)


def _is_of_the_way_home(one: MarkAt) -> bool:
    """A lag was looked at before as well, and a drill may heal other faults: those are no steps of this way."""
    if one.name == mark.LAG_OBSERVED:
        return "region" in one.detail
    return one.name != mark.FAULT_HEALED or str(one.detail.get("fault", "")).startswith("region-")


def _detail(one: MarkAt) -> str:
    lag_s = one.detail.get("lag_s") if one.name == mark.LAG_OBSERVED else None
    return f" ({amount(lag_s)} behind)" if isinstance(lag_s, int | float) else ""
