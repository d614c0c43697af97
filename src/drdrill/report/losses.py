"""The picture of the loss: payments kept and lost around the disaster, and each lost payment by its amount."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from drdrill.model import mark
from drdrill.model.drill import Drill
from drdrill.model.judgement import Judgement, LostPayment
from drdrill.report.marklines import ROW_IN, draw_flags, draw_poles, drawn_marks, flags_for, rows
from drdrill.report.palette import light
from drdrill.report.picture import WIDTH_IN, drawing, inline, new_figure
from drdrill.report.rupees import grouped, rupees_between
from drdrill.report.wording import amount, count, moment, plural, seconds

_LEFT_IN, _RIGHT_IN = 0.95, 0.15
_BINS = 48

Floats = npt.NDArray[np.float64]


def is_split_brain(payment: LostPayment) -> bool:
    """Whether a lost payment was answered by the doomed side after the disaster had been proved."""
    return any(flag.replace("_", "-").replace(" ", "-") == "split-brain" for flag in payment.flags)


def loss_picture(drill: Drill, judgement: Judgement) -> Markup | None:
    """Kept and lost along time, or None when no lost payment is listed."""
    lost = judgement.loss.lost
    if not judgement.loss.valid or not lost:
        return None
    span = _span(drill, lost)
    with drawing():
        flags = flags_for(_labels(drill, judgement, span), span, WIDTH_IN - _LEFT_IN - _RIGHT_IN)
        heights = [max(0.05, rows(flags) * ROW_IN), 1.25, 1.35]
        height = sum(heights) + 0.06 + 0.16 + 0.45
        figure = new_figure(height)
        lane, counts, worth = (
            figure.add_axes((_LEFT_IN / WIDTH_IN, y / height, 1 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN, tall / height))
            for y, tall in zip((heights[2] + 0.61 + heights[1], heights[2] + 0.61, 0.45), heights, strict=True)
        )
        edges = _edges(judgement, span)
        _draw_counts(counts, judgement, lost, edges)
        _draw_worth(worth, lost)
        for axes in (lane, counts, worth):
            axes.set_xlim(*span)
        draw_flags(lane, flags)
        for axes in (counts, worth):
            draw_poles(axes, flags)
            axes.grid(axis="y")
        counts.tick_params(labelbottom=False)
        worth.set_xlabel("when the bank said done, in seconds from the disaster", fontsize=8.5)
        return inline(figure, "loss", "Payments lost around the disaster", _told(judgement))


def _span(drill: Drill, lost: Sequence[LostPayment]) -> tuple[float, float]:
    first, last = min(p.acked_s for p in lost), max(p.acked_s for p in lost)
    low, high = min(first, 0.0), max(last, 0.0)
    if drill.objectives.rpo_s and drill.objectives.rpo_s <= 2 * max(-low, 0.5):
        low = min(low, -drill.objectives.rpo_s)
    margin = max(0.25, 0.18 * (high - low))
    return low - margin, high + margin


def _labels(drill: Drill, judgement: Judgement, span: tuple[float, float]) -> list[tuple[float, str]]:
    faults = [m for m in judgement.marks if m.name in (mark.FAULT_REQUESTED, mark.FAULT_PROVED)]
    labels = drawn_marks(faults, *span)
    rpo = drill.objectives.rpo_s
    if rpo and -rpo >= span[0]:
        labels.append((-rpo, f"RPO objective {amount(rpo)}"))
    oldest = judgement.loss.oldest_lost_age_s
    if oldest is not None:
        labels.append((min(p.acked_s for p in judgement.loss.lost), f"oldest lost, age {seconds(oldest)}"))
    return labels


def _edges(judgement: Judgement, span: tuple[float, float]) -> Floats:
    timeline = judgement.timeline
    if timeline is not None and 6 <= (span[1] - span[0]) / timeline.bucket_s <= 200:
        first = np.floor((span[0] - timeline.began_s) / timeline.bucket_s)
        last = np.ceil((span[1] - timeline.began_s) / timeline.bucket_s)
        return np.asarray(timeline.began_s + np.arange(first, last + 1) * timeline.bucket_s, dtype=np.float64)
    return np.linspace(span[0], span[1], _BINS + 1)


def _kept(judgement: Judgement, edges: Floats) -> Floats:
    """Good writes for each bin; zero where the timeline's buckets are too coarse to be put beside the losses."""
    kept = np.zeros(len(edges) - 1)
    timeline = judgement.timeline
    if timeline is None or not np.isclose(edges[1] - edges[0], timeline.bucket_s):
        return kept
    writes = {r.journey for r in judgement.recoveries if r.kind == "write"}
    offset = round((edges[0] - timeline.began_s) / timeline.bucket_s)
    for series in timeline.journeys:
        if series.journey in writes:
            for index in range(len(kept)):
                if 0 <= offset + index < len(series.good):
                    kept[index] += series.good[offset + index]
    return kept


def _draw_counts(axes: Axes, judgement: Judgement, lost: Sequence[LostPayment], edges: Floats) -> None:
    before = np.histogram([p.acked_s for p in lost if not is_split_brain(p)], edges)[0].astype(np.float64)
    split = np.histogram([p.acked_s for p in lost if is_split_brain(p)], edges)[0].astype(np.float64)
    base = np.zeros(len(edges) - 1)
    layers = (
        (_kept(judgement, edges), "kept", ""),
        (before, "lost", "////"),
        (split, "split", "||"),
    )
    for values, colour, hatch in layers:
        if values.any():
            axes.stairs(
                base + values, edges, baseline=base, fill=True, facecolor=light(colour), hatch=hatch,
                edgecolor=light("paper"), linewidth=0,
            )  # fmt: skip
        base = base + values
    axes.set_ylim(0, max(1.0, float(base.max(initial=0))) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylabel("payments", fontsize=8.5)


def _draw_worth(axes: Axes, lost: Sequence[LostPayment]) -> None:
    for split, colour, shape in ((False, "lost", "o"), (True, "split", "^")):
        points = [p for p in lost if is_split_brain(p) is split]
        axes.plot(
            [p.acked_s for p in points], [p.amount_paise / 100 for p in points], linestyle="none", marker=shape,
            markersize=5.5 if split else 4.5, color=light(colour), markeredgecolor=light("paper"), markeredgewidth=0.5,
        )  # fmt: skip
    axes.set_ylim(0, max(p.amount_paise for p in lost) / 100 * 1.14 + 1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"₹{grouped(round(value))}"))
    axes.set_ylabel("amount of each", fontsize=8.5)


def _told(judgement: Judgement) -> str:
    loss = judgement.loss
    split = sum(is_split_brain(p) for p in loss.lost)
    total = count(loss.lost_operations) if loss.lost_operations else "an unknown number of"
    worth = f", worth {rupees_between(loss.lost_paise)}" if loss.lost_paise else ""
    return (
        f"{total} payments lost{worth}; {plural(len(loss.lost), 'payment')} drawn, {split} of them in split brain. "
        f"The oldest was answered at {moment(min(p.acked_s for p in loss.lost))}, the newest at "
        f"{moment(max(p.acked_s for p in loss.lost))}."
    )
