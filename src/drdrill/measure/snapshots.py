"""What a drill on snapshots says beside its verdicts: where in the interval the disaster came, and which snapshot was used.

Neither has an objective of its own; the loss is judged from the survivors. But a loss observed at one phase of the interval says nothing
about the worst one (docs/measuring.md, section 4), so the worst is computed and stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from drdrill.measure.disaster import Disaster, in_time
from drdrill.measure.figures import interval_s, plain, spread
from drdrill.measure.findings import asked_s
from drdrill.model.drill import Drill
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Interval, Verdict
from drdrill.model.mark import MONITOR_LOOKED, SNAPSHOT_OBSERVED, SNAPSHOT_RESTORED, SNAPSHOT_UNUSABLE, Mark

_NS = 1_000_000_000


def snapshot_findings(history: History, disaster: Disaster) -> Iterator[Finding]:
    """The phase of the disaster, the snapshot that was restored, what the monitor saw; nothing for a drill without snapshots."""
    marks = in_time(history.marks)
    request_ns, proved_ns = disaster.request_ns, disaster.proved_ns
    if request_ns is None or proved_ns is None:
        return
    seen = [mark for mark in marks if mark.name == SNAPSHOT_OBSERVED and mark.at_ns <= request_ns]
    if seen:
        yield _phase(seen[-1], request_ns, proved_ns, history.drill)
    restored = [mark for mark in marks if mark.name == SNAPSHOT_RESTORED and mark.at_ns >= request_ns]
    unusable = [mark for mark in marks if mark.name == SNAPSHOT_UNUSABLE and mark.at_ns >= request_ns]
    if restored or unusable:
        yield _used(restored[-1] if restored else None, unusable)
    looked = [mark for mark in marks if mark.name == MONITOR_LOOKED and mark.at_ns >= request_ns]
    if looked:
        yield _monitor(looked[-1])


def _phase(mark: Mark, request_ns: int, proved_ns: int, drill: Drill) -> Finding:
    """Age of the newest usable snapshot at the disaster, by its age when it was last looked at."""
    interval, copy = float(mark.detail["interval_s"]), mark.detail.get("copy_s")
    age_ns = round(float(mark.detail["age_s"]) * _NS)
    age = interval_s(age_ns + request_ns - mark.at_ns, age_ns + proved_ns - mark.at_ns)
    assert age.high is not None
    share = Interval(low=round(100 * age.low / interval), high=round(100 * age.high / interval))
    told = (
        f"{spread(age, 's')} after the newest usable snapshot, {spread(share, '%')} of the interval of {plain(interval)} s; "
        f"{_worst(interval, copy, drill, age.low)}"
    )
    short = f"{spread(age, 's')}, {spread(share, '%')}"
    return _told("snapshot-phase", "Phase in the snapshot interval", short, told, age)


def _worst(interval: float, copy: object, drill: Drill, age_s: float) -> str:
    """The loss just before the next copy would have been usable: an interval and the time of a copy."""
    if not isinstance(copy, int | float):
        return "the worst phase is not known, because nobody noted how long a copy takes"
    worst = interval + float(copy)
    if age_s > worst:
        return f"the copies had fallen behind: on time, at most {plain(worst)} s would be lost"
    told = (
        f"at the worst phase {plain(worst)} s would be lost ({plain(interval)} s and a copy of {plain(float(copy))} s)"
    )
    objective_s = drill.objectives.rpo_s
    if objective_s is None:
        return told
    return f"{told}, {'within' if worst <= objective_s else 'MORE THAN'} the RPO of {asked_s(drill, objective_s)}"


def _used(restored: Mark | None, unusable: list[Mark]) -> Finding:
    tried = "; ".join(f"not {mark.detail['snapshot']}, because {mark.detail['because']}" for mark in unusable)
    if restored is None:
        return _told("snapshot-used", "Snapshot used", "none", f"none: {tried}")
    told = f"{restored.detail['snapshot']}" + (f", after falling back: {tried}" if tried else ", the newest")
    short = f"the newest but {len(unusable)}" if tried else "the newest"
    return _told("snapshot-used", "Snapshot used", short, told)


def _monitor(mark: Mark) -> Finding:
    """How often the health monitor looked, what each vantage saw last, and whether it took over."""
    saw = "; ".join(f"{vantage} {said}" for vantage, said in mark.detail["last_look"].items())
    watching = mark.detail["phase"] == "watching"
    did = (
        "went on watching: nothing was failed over"
        if watching
        else "took over: it made a database in the recovery region"
    )
    told = f"looked {mark.detail['looks']} times, and {did} (last seen: {saw})"
    return _told("monitor", "Health monitor", "went on watching" if watching else "took over", told)


def _told(identity: str, title: str, short: str, told: str, interval: Interval | None = None) -> Finding:
    return Finding(
        id=identity,
        title=title,
        objective=None,
        observed=short,
        interval=interval,
        unit="s" if interval is not None else "",
        verdict=Verdict.NOT_ASSESSED,
        reason=told,
    )
