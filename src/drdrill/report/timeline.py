"""The picture of the drill in time: throughput by outcome, share of bad service, latency; marks as lines, outage shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from drdrill.model.drill import Drill
from drdrill.model.judgement import Failback, Interval, JourneySeries, Judgement, Recovery, Timeline
from drdrill.model.mark import FAULT_REQUESTED
from drdrill.report.flags import Flag
from drdrill.report.marklines import ROW_IN, draw_flags, draw_poles, drawn_marks, flags_for, rows
from drdrill.report.palette import light
from drdrill.report.picture import WIDTH_IN, drawing, inline, new_figure
from drdrill.report.wording import clean, listed, moment

OUTCOMES = ("good", "late", "refused", "unknown", "unsent")
_HATCHES = {"good": "", "late": "////", "refused": "\\\\\\\\", "unknown": "", "unsent": "||"}
_MOST_BUCKETS, _MOST_IN_HALF = 240, 120
_ENOUGH = 6
_LEFT_IN, _RIGHT_IN = 0.75, 0.15

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stack:
    """Operations a second by outcome, in buckets whose edges are ``edges_s``."""

    edges_s: Floats
    per_s: dict[str, Floats]

    @property
    def total(self) -> Floats:
        """All operations that were due, a second."""
        return np.sum([self.per_s[outcome] for outcome in OUTCOMES], axis=0, dtype=np.float64)


def stack_of(timeline: Timeline, series: Sequence[JourneySeries], most: int = _MOST_BUCKETS) -> Stack:
    """The given journeys added up.

    Buckets are merged when there are more than a picture can show, or when they hold so few operations that whole
    numbers alone would make the outline jump.
    """
    buckets = max((len(one.good) for one in series), default=0)
    merge = max(1, -(-buckets // most), _merge_for_enough(series, buckets))
    starts = _group_starts(timeline, buckets, merge)
    edges = np.append(starts, buckets)
    per_s = {outcome: np.zeros(len(starts)) for outcome in OUTCOMES}
    for one in series:
        for outcome in OUTCOMES:
            counts = np.zeros(buckets)
            values = getattr(one, outcome)
            counts[: len(values)] = values
            per_s[outcome] += np.add.reduceat(counts, starts) / (np.diff(edges) * timeline.bucket_s)
    return Stack(np.asarray(timeline.began_s + edges * timeline.bucket_s, dtype=np.float64), per_s)


def _group_starts(timeline: Timeline, buckets: int, merge: int) -> npt.NDArray[np.intp]:
    # One group begins at the disaster (zero), so that no picture shows trouble before it that came after.
    first = round(-timeline.began_s / timeline.bucket_s) % merge
    starts = np.arange(first, buckets, merge, dtype=np.intp)
    return starts if first == 0 else np.insert(starts, 0, 0)


def _merge_for_enough(series: Sequence[JourneySeries], buckets: int) -> int:
    due = sum(sum(getattr(one, outcome)) for one in series for outcome in OUTCOMES)
    return min(8, -(-_ENOUGH * buckets // due)) if due else 1


def span_of(timeline: Timeline) -> tuple[float, float]:
    """From the first bucket's left edge to the last one's right edge, in seconds; never empty."""
    buckets = max((len(one.good) for one in timeline.journeys), default=0)
    return timeline.began_s, timeline.began_s + max(1, buckets) * timeline.bucket_s


def outages(recoveries: Sequence[Recovery], ended_s: float) -> list[tuple[float, float]]:
    """Every outage and relapse to shade, merged where they touch; one that never ended is shaded to the end."""
    found = [(r.outage_began_s, _outage_ended(r, ended_s)) for r in recoveries if r.outage_began_s is not None]
    found += [(x.low, ended_s if x.high is None else x.high) for r in recoveries for x in r.relapses]
    merged: list[tuple[float, float]] = []
    for began, ended in sorted(pair for pair in found if pair[1] > pair[0]):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((began, ended))
    return merged


def all_outages(judgement: Judgement, ended_s: float) -> list[tuple[float, float]]:
    """Those of the disaster and those of the way home, on the drill's axis."""
    homes = (
        []
        if judgement.failback is None
        else [on_the_drills_axis(one, judgement.failback) for one in judgement.failback.recoveries]
    )
    return outages([*judgement.recoveries, *homes], ended_s)


def on_the_drills_axis(recovery: Recovery, failback: Failback) -> Recovery:
    """A recovery of the way home, whose end and relapses count from its own request, as one that counts from the disaster's."""
    from_s = failback.requested_s
    restored = None if recovery.restored_s is None else _shifted(recovery.restored_s, from_s)
    relapses = tuple(_shifted(one, from_s) for one in recovery.relapses)
    return recovery.model_copy(update={"restored_s": restored, "relapses": relapses})


def _shifted(interval: Interval, by_s: float) -> Interval:
    return Interval(low=interval.low + by_s, high=None if interval.high is None else interval.high + by_s)


def _outage_ended(recovery: Recovery, ended_s: float) -> float:
    if recovery.restored_s is not None:
        return ended_s if recovery.restored_s.high is None else recovery.restored_s.high
    # Where it is not known whether a journey came back, nothing is shaded: a shade is a claim.
    return ended_s if recovery.state == "never restored" else float("-inf")


def overview(drill: Drill, judgement: Judgement) -> Markup | None:
    """All journeys together: throughput, share of bad service, latency of the slowest journey. None without a timeline."""
    timeline = judgement.timeline
    if timeline is None or not timeline.journeys or not timeline.journeys[0].good:
        return None
    span = span_of(timeline)
    with drawing():
        flags = flags_for(drawn_marks(judgement.marks, *span), span, WIDTH_IN - _LEFT_IN - _RIGHT_IN)
        figure, lane, panels = _overview_panels(rows(flags))
        stack = stack_of(timeline, timeline.journeys)
        _draw_stack(panels[0], stack)
        _draw_bad_share(panels[1], stack)
        slowest50, slowest99 = (_slowest(timeline, name) for name in ("p50_ms", "p99_ms"))
        _draw_latency(panels[2], timeline, slowest50, slowest99, drill.service_level.latency_s)
        draw_flags(lane, flags)
        _finish(panels, flags, all_outages(judgement, span[1]), span)
        _label_seconds(judgement, panels[-1])
        panels[0].set_ylabel("operations/s")
        panels[1].set_ylabel("not good")
        panels[2].set_ylabel("slowest journey")
        return inline(figure, "timeline", "The drill in time, all journeys", _told(judgement, timeline, stack))


def small_multiples(drill: Drill, judgement: Judgement) -> Markup | None:
    """One row for each journey: throughput by outcome on the left, latency on the right. None without a timeline."""
    timeline = judgement.timeline
    if timeline is None or not timeline.journeys or not timeline.journeys[0].good:
        return None
    span = span_of(timeline)
    with drawing():
        figure = new_figure(0.6 + 1.55 * len(timeline.journeys))
        height = float(figure.get_size_inches()[1])
        grid = figure.subplots(len(timeline.journeys), 2, squeeze=False, sharex=True)
        figure.subplots_adjust(
            left=_LEFT_IN / WIDTH_IN, right=0.985, top=1 - 0.32 / height, bottom=0.42 / height, hspace=0.42, wspace=0.17
        )
        for pair, series in zip(grid, timeline.journeys, strict=True):
            _draw_journey(pair, drill, judgement, series, span)
        _label_seconds(judgement, *grid[-1])
        return inline(figure, "journeys", "Each journey in time", _told_journeys(timeline))


def _draw_journey(
    pair: Sequence[Axes], drill: Drill, judgement: Judgement, series: JourneySeries, span: tuple[float, float]
) -> None:
    timeline = judgement.timeline
    assert timeline is not None
    own = [r for r in judgement.recoveries if r.journey == series.journey]
    _draw_stack(pair[0], stack_of(timeline, [series], _MOST_IN_HALF))
    _draw_latency(pair[1], timeline, _floats(series.p50_ms), _floats(series.p99_ms), drill.service_level.latency_s)
    poles = flags_for(drawn_marks(judgement.marks, *span), span, WIDTH_IN)
    _finish(list(pair), poles, outages(own, span[1]), span)
    for axes, what in zip(pair, ("operations/s", "latency"), strict=True):
        axes.set_title(f"{clean(series.journey)}: {what}", fontsize=9, loc="left", fontweight="bold", pad=3)


def _overview_panels(label_rows: int) -> tuple[Figure, Axes, list[Axes]]:
    heights = [max(0.05, label_rows * ROW_IN), 1.9, 0.7, 1.25]
    gaps, bottom, top = 0.16, 0.42, 0.06
    height = sum(heights) + 2 * gaps + bottom + top
    figure = new_figure(height)
    left, width = _LEFT_IN / WIDTH_IN, 1 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN
    axes: list[Axes] = []
    y = height - top
    for index, tall in enumerate(heights):
        y -= tall + (gaps if index > 1 else 0)
        axes.append(figure.add_axes((left, y / height, width, tall / height), sharex=axes[0] if axes else None))
    return figure, axes[0], axes[1:]


def _draw_stack(axes: Axes, stack: Stack) -> None:
    base = np.zeros(len(stack.edges_s) - 1)
    for outcome in OUTCOMES:
        values = stack.per_s[outcome]
        if values.any():
            axes.stairs(
                base + values, stack.edges_s, baseline=base, fill=True, facecolor=light(outcome),
                edgecolor=light("paper" if outcome == "unsent" else "hatch"), hatch=_HATCHES[outcome], linewidth=0,
            )  # fmt: skip
        base = base + values
    axes.stairs(base, stack.edges_s, baseline=None, color=light("rule"), linewidth=0.7)
    axes.set_ylim(0, max(1.0, float(base.max(initial=0)) * 1.08))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _draw_bad_share(axes: Axes, stack: Stack) -> None:
    total = stack.total
    bad = np.divide(total - stack.per_s["good"], total, out=np.zeros_like(total), where=total > 0)
    axes.stairs(bad * 100, stack.edges_s, fill=True, color=light("unknown"), linewidth=0)
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100], labels=["0 %", "50 %", "100 %"])


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _slowest(timeline: Timeline, name: str) -> Floats:
    columns = [_floats(getattr(one, name)) for one in timeline.journeys]
    longest = max(len(column) for column in columns)
    padded = [np.pad(column, (0, longest - len(column)), constant_values=np.nan) for column in columns]
    return np.asarray(np.fmax.reduce(padded), dtype=np.float64)


def _alone(values: Floats) -> npt.NDArray[np.bool_]:
    """Buckets with a value whose neighbours have none: a line would not show them."""
    seen = np.concatenate(([False], np.isfinite(values), [False]))
    return np.asarray(seen[1:-1] & ~seen[:-2] & ~seen[2:], dtype=np.bool_)


def _draw_latency(axes: Axes, timeline: Timeline, p50: Floats, p99: Floats, limit_s: float) -> None:
    middles = timeline.began_s + (np.arange(len(p50)) + 0.5) * timeline.bucket_s
    for values, colour, dashes in ((p99, "p99", "solid"), (p50, "p50", (0, (3, 1.2)))):
        axes.plot(middles, values, color=light(colour), linewidth=1.3, linestyle=dashes)
        alone = _alone(values)
        axes.plot(middles[alone], values[alone], color=light(colour), linestyle="none", marker=".", markersize=3)
    axes.axhline(limit_s * 1000, color=light("rule"), linewidth=0.9, linestyle=(0, (1, 1.5)))
    seen = np.concatenate((p50, p99, [limit_s * 1000]))
    seen = seen[np.isfinite(seen) & (seen > 0)]
    axes.set_yscale("log")
    axes.set_ylim(float(seen.min()) / 1.6, float(seen.max()) * 2.0)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ms, _: f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"))


def _finish(
    panels: Sequence[Axes], flags: Sequence[Flag], shaded: Sequence[tuple[float, float]], span: tuple[float, float]
) -> None:
    for axes in panels:
        for began, ended in shaded:
            axes.axvspan(max(began, span[0]), min(ended, span[1]), color=light("shade"), linewidth=0, zorder=0)
        draw_poles(axes, flags)
        axes.grid(axis="y")
        axes.set_xlim(*span)
        axes.tick_params(labelbottom=False, length=3)
        axes.yaxis.label.set_fontsize(8.5)


def _label_seconds(judgement: Judgement, *lowest: Axes) -> None:
    requested = any(mark.name == FAULT_REQUESTED for mark in judgement.marks)
    since = "seconds from the disaster" if requested else "seconds from the first mark"
    for axes in lowest:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(since, fontsize=8.5)


def _told(judgement: Judgement, timeline: Timeline, stack: Stack) -> str:
    share = 100 * float(stack.per_s["good"].sum() / max(1e-9, stack.total.sum()))
    shaded = all_outages(judgement, span_of(timeline)[1])
    down = listed([f"from {moment(a)} to {moment(b)}" for a, b in shaded]) or "at no time"
    marks = listed([label for _, label in drawn_marks(judgement.marks, *span_of(timeline))]) or "none"
    return (
        f"Operations a second by outcome, share of operations that were not good, and latency, over {len(stack.edges_s) - 1} "
        f"intervals. {share:.1f} % of all operations were good. Service was below its level {down}. Marks: {marks}."
    )


def _told_journeys(timeline: Timeline) -> str:
    parts = []
    for one in timeline.journeys:
        counted = [f"{sum(getattr(one, outcome))} {outcome}" for outcome in OUTCOMES]
        parts.append(f"{one.journey}: {listed(counted)}")
    return "Throughput by outcome and latency for each journey. " + "; ".join(parts) + "."
