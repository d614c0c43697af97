"""Recovery from a snapshot copy: what is there to recover from, what the monitor decides, and what became of it.

The monitor decides and restores by itself; these steps look on, and note what it did. They ask the recovery region alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drdrill.aws.clients import AwsError
from drdrill.aws.snapshots import NewestCopy, Recovery, newest_copy, recovery_of, sections
from drdrill.errors import Unprovable
from drdrill.model.mark import (
    LAG_OBSERVED,
    MONITOR_LOOKED,
    OUTAGE_DETECTED,
    RECOVERY_DECLARED,
    SNAPSHOT_OBSERVED,
    SNAPSHOT_RESTORED,
    SNAPSHOT_UNUSABLE,
)
from drdrill.model.time_scale import scaled_s
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.snapshots"
AGE = "the age of the newest usable snapshot"
_EVERY_S = 0.05


def interval_s(scene: Scene) -> float:
    """The interval between snapshots in this run, in seconds."""
    return scaled_s(sections(scene.aws)[1].interval_s, scene.drill.time_scale)


def note_newest(scene: Scene, newest: NewestCopy, **more: Any) -> str:
    """Mark what would be recovered from now, and how old it is: what the loss would be, as far as AWS can tell."""
    between_s = interval_s(scene)
    told = {"snapshot": newest.identifier, "cut_at": newest.cut_at, "age_s": newest.age_s, "copy_s": newest.copy_s}
    scene.marks.add(SNAPSHOT_OBSERVED, SOURCE, **told, interval_s=between_s, copying=newest.copying, **more)
    scene.marks.add(LAG_OBSERVED, SOURCE, lag_s=newest.age_s, metric=AGE)
    return (
        f"the newest usable snapshot in {scene.session.estate.target.recovery_region} is {newest.identifier}, "
        f"{newest.age_s:.2f} s old; the interval is {between_s:g} s"
    )


def wait_until_phase(scene: Scene, *, at_least: float, at_most: float, limit_s: float) -> str:
    """Wait until that share of the interval has gone since the newest usable snapshot, and mark it.

    A disaster at a stated phase is one that can be repeated. Raises ``Unprovable`` after the limit.
    """
    between_s = interval_s(scene)

    def in_phase() -> NewestCopy | None:
        newest = newest_copy(scene.aws)
        return newest if newest is not None and at_least <= newest.age_s / between_s <= at_most else None

    newest = wait_until(
        f"{at_least:.0%} to {at_most:.0%} of the interval has gone since the newest usable snapshot",
        in_phase,
        limit_s=limit_s,
        every_s=_EVERY_S,
        seen=lambda: newest_copy(scene.aws),
    )
    return note_newest(scene, newest)


def wait_until_copy_is_under_way(scene: Scene, *, at_least: int, at_most: int, limit_s: float) -> str:
    """Wait until a snapshot newer than the newest usable one is so many percent copied, and mark both."""

    def under_way() -> NewestCopy | None:
        newest = newest_copy(scene.aws)
        half = newest is not None and any(at_least <= percent <= at_most for percent in newest.copying.values())
        return newest if half else None

    newest = wait_until(
        f"a copy is {at_least} to {at_most} % done",
        under_way,
        limit_s=limit_s,
        every_s=_EVERY_S,
        seen=lambda: newest_copy(scene.aws),
    )
    return note_newest(scene, newest)


def wait_until_declared(scene: Scene, *, limit_s: float) -> str:
    """Wait until the monitor has declared the primary lost; marks ``outage.detected`` and ``recovery.declared``."""
    seen: list[Recovery] = []

    def declared() -> Recovery | None:
        recovery = _ask(scene, seen)
        return recovery if recovery is not None and recovery.phase != "watching" else None

    recovery = wait_until(
        "the monitor declares the primary lost", declared, limit_s=limit_s, every_s=_EVERY_S, seen=lambda: seen
    )
    return _mark_declared(scene, recovery)


def _mark_declared(scene: Scene, recovery: Recovery) -> str:
    told = "; ".join(f"{name} {saw}" for name, saw in recovery.last_look.items())
    scene.marks.add(OUTAGE_DETECTED, SOURCE, seen=told, looks_in_a_row=recovery.failed_in_a_row)
    region = scene.session.estate.target.recovery_region
    scene.marks.add(RECOVERY_DECLARED, SOURCE, region=region, by="the health monitor")
    return f"the monitor declared the primary lost after {recovery.failed_in_a_row} looks in a row ({told})"


def wait_until_made(scene: Scene, *, limit_s: float) -> str:
    """Wait until the database is made from a snapshot; marks every snapshot that was tried in vain or passed over, and the one restored."""
    seen: list[Recovery] = []
    told: set[str] = set()

    def made() -> Recovery | None:
        recovery = _ask(scene, seen)
        if recovery is None:
            return None
        for snapshot, because in _not_used(recovery):
            if snapshot not in told:
                told.add(snapshot)
                scene.marks.add(SNAPSHOT_UNUSABLE, SOURCE, snapshot=snapshot, because=because)
        return recovery if recovery.phase == "available" else None

    recovery = wait_until(
        "the database is made from a snapshot",
        made,
        limit_s=limit_s,
        every_s=_EVERY_S,
        seen=lambda: [one.problem or f"{one.phase} {one.snapshot}" for one in seen],
    )
    scene.marks.add(
        SNAPSHOT_RESTORED,
        SOURCE,
        snapshot=recovery.snapshot,
        cut_at=recovery.snapshot_cut_at,
        instance=recovery.instance,
        attempt=recovery.attempt,
        instead_of=dict(_not_used(recovery)),
    )
    return _sentence(recovery)


def _not_used(recovery: Recovery) -> Iterator[tuple[str, str]]:
    yield from recovery.passed_over.items()
    yield from ((name, why) for name, why in recovery.unusable.items() if name not in recovery.passed_over)


def _sentence(recovery: Recovery) -> str:
    fell_back = "; ".join(f"not {name}, because {why}" for name, why in _not_used(recovery))
    return f"{recovery.instance} was made from {recovery.snapshot}{f'; {fell_back}' if fell_back else ''}"


def watch_the_monitor(scene: Scene, *, looks: int, limit_s: float) -> str:
    """Let the monitor look so often, and note what it made of it; if it declares the primary lost, wait until it is done."""
    before = recovery_of(scene.aws).looks
    seen: list[Recovery] = []

    def looked() -> Recovery | None:
        recovery = _ask(scene, seen)
        done = recovery is not None and (recovery.phase == "available" or recovery.looks >= before + looks)
        return recovery if done else None

    recovery = wait_until(
        f"the monitor has looked {looks} times", looked, limit_s=limit_s, every_s=_EVERY_S, seen=lambda: seen
    )
    told = {"phase": recovery.phase, "looks": recovery.looks - before, "last_look": recovery.last_look}
    scene.marks.add(MONITOR_LOOKED, SOURCE, **told)
    if recovery.phase == "watching":
        return f"the monitor looked {recovery.looks - before} times, and goes on watching: {recovery.last_look}"
    _mark_declared(scene, recovery)
    return f"{wait_until_made(scene, limit_s=limit_s)}: the monitor took over"


def _ask(scene: Scene, seen: list[Recovery]) -> Recovery | None:
    try:
        seen[:] = [recovery_of(scene.aws)]
    except AwsError:
        return None
    return seen[0]


def usable_copy_within(scene: Scene, *, intervals: float) -> tuple[bool, str]:
    """Whether the newest usable snapshot is at most so many intervals old, and the sentence. Marks it. None is not within."""
    newest = newest_copy(scene.aws)
    if newest is None:
        raise Unprovable(f"{scene.session.estate.target.recovery_region} has no usable snapshot")
    return newest.age_s <= intervals * interval_s(scene), note_newest(scene, newest)
