"""The picture of where the time went: for each journey the parts of its recovery, the observed interval, the objective."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from drdrill.model.drill import Drill
from drdrill.model.judgement import Judgement, Recovery
from drdrill.report.palette import light
from drdrill.report.phases import in_order, look
from drdrill.report.picture import WIDTH_IN, drawing, inline, new_figure
from drdrill.report.wording import amount, clean, listed, seconds

_ROW_IN, _TOP_IN, _BOTTOM_IN, _LEFT_IN, _RIGHT_IN = 0.72, 0.34, 0.78, 1.15, 0.25
_LETTERS_PER_IN = 13.0
_LONGEST_NAME = 15


def waterfall(drill: Drill, judgement: Judgement) -> Markup | None:
    """One row for each journey, or None when nothing was down long enough to be drawn."""
    shown = [r for r in judgement.recoveries if _reach(r) > 0]
    if not shown:
        return None
    limit = _shown_objective(drill, shown)
    end = max([*(_reach(r) for r in shown), limit or 0.0]) * 1.04
    height = _TOP_IN + _BOTTOM_IN + _ROW_IN * len(shown)
    with drawing():
        figure = new_figure(height)
        axes = figure.add_axes(
            (
                _LEFT_IN / WIDTH_IN, _BOTTOM_IN / height,
                1 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN, _ROW_IN * len(shown) / height,
            )
        )  # fmt: skip
        for row, recovery in enumerate(shown):
            _draw_recovery(axes, row, recovery, end)
        _draw_objective(axes, drill.objectives.rto_s, limit, end)
        axes.set_xlim(0, end)
        axes.set_ylim(len(shown) - 0.42, -0.58)
        axes.set_yticks(range(len(shown)), labels=[_name(r.journey) for r in shown])
        axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=light("ink"))
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_xlabel("seconds from the request of the disaster", fontsize=8.5)
        _draw_legend(axes, shown)
        return inline(figure, "waterfall", "Where the time went", _told(drill, judgement.recoveries))


def _name(journey: str) -> str:
    text = clean(journey)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _reach(recovery: Recovery) -> float:
    ends = [phase.ended_s for phase in recovery.phases]
    for interval in (recovery.rta_s, recovery.restored_s):
        if interval is not None:
            ends.append(interval.low if interval.high is None else interval.high)
    if recovery.state == "never restored":
        ends.append(recovery.watched_s)
    return max(ends, default=0.0)


def _shown_objective(drill: Drill, shown: Sequence[Recovery]) -> float | None:
    # An objective far beyond every recovery would press the bars into the corner; it is then named, not drawn to scale.
    limit = drill.objectives.rto_s
    return limit if limit is not None and limit <= 3 * max(_reach(r) for r in shown) else None


def _draw_recovery(axes: Axes, row: int, recovery: Recovery, end: float) -> None:
    inches = WIDTH_IN - _LEFT_IN - _RIGHT_IN
    for phase in recovery.phases:
        style, length = look(phase.name), phase.ended_s - phase.began_s
        axes.barh(
            row, length, left=phase.began_s, height=0.44, color=light(style.colour), hatch=style.hatch,
            edgecolor=light("hatch"), linewidth=0.6,
        )  # fmt: skip
        text = f"{length:.2f} s"
        if length / end * inches * _LETTERS_PER_IN > len(text) + 1.5:
            _boxed(axes, phase.began_s + length / 2, row, text)
    if recovery.state == "never restored":
        reached = max((phase.ended_s for phase in recovery.phases), default=recovery.outage_began_s or 0.0)
        axes.barh(
            row, recovery.watched_s - reached, left=reached, height=0.44, color=light("paper"), hatch="xx",
            edgecolor=light("unknown"), linewidth=0.9,
        )  # fmt: skip
        _boxed(
            axes, (reached + recovery.watched_s) / 2, row, f"not restored in the {amount(recovery.watched_s)} watched"
        )
    elif recovery.rta_s is not None:
        _draw_interval(axes, row, recovery, end)


def _boxed(axes: Axes, x: float, y: float, text: str) -> None:
    box = {"boxstyle": "round,pad=0.22", "facecolor": light("paper"), "edgecolor": "none"}
    axes.text(x, y, text, ha="center", va="center", fontsize=8.5, bbox=box, zorder=6)


def _draw_interval(axes: Axes, row: int, recovery: Recovery, end: float) -> None:
    assert recovery.rta_s is not None
    low, high = recovery.rta_s.low, recovery.rta_s.high if recovery.rta_s.high is not None else end
    y = row + 0.34
    axes.plot([low, high], [y, y], color=light("ink"), linewidth=2.2, solid_capstyle="butt")
    for x in (low, high):
        axes.plot([x, x], [y - 0.07, y + 0.07], color=light("ink"), linewidth=1.1)
    leftward = high > 0.5 * end
    axes.annotate(
        f"observed RTO {seconds(recovery.rta_s)}" + ("" if recovery.state == "restored" else f" ({recovery.state})"),
        (low if leftward else high, y),
        xytext=(-6 if leftward else 6, -0.5),
        textcoords="offset points",
        ha="right" if leftward else "left",
        va="center",
        fontsize=8.5,
    )


def _draw_objective(axes: Axes, objective_s: float | None, drawn_s: float | None, end: float) -> None:
    top = 1.0
    if objective_s is None:
        return
    if drawn_s is None:
        axes.annotate(
            f"objective {amount(objective_s)}: beyond the right edge →", (1, top), xycoords="axes fraction",
            xytext=(0, 8), textcoords="offset points", ha="right", fontsize=8.5,
        )  # fmt: skip
        return
    axes.axvline(drawn_s, color=light("ink"), linewidth=1.4, linestyle=(0, (5, 2)), zorder=4)
    axes.annotate(
        f"objective {amount(drawn_s)}", (drawn_s, top), xycoords=("data", "axes fraction"),
        xytext=(0, 8), textcoords="offset points", ha="right" if drawn_s > 0.85 * end else "center", fontsize=8.5,
    )  # fmt: skip


def _draw_legend(axes: Axes, shown: Sequence[Recovery]) -> None:
    names = in_order(phase.name for recovery in shown for phase in recovery.phases)
    handles = [
        Patch(
            facecolor=light(look(name).colour), hatch=look(name).hatch, edgecolor=light("hatch"), linewidth=0.6,
            label=clean(name),
        )
        for name in names
    ]  # fmt: skip
    if handles:
        axes.figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=((_LEFT_IN - 0.1) / WIDTH_IN, 0.0), ncols=min(7, len(handles)),
            handlelength=2.2, handleheight=1.1, columnspacing=1.6, borderaxespad=0.1,
        )  # fmt: skip


def _told(drill: Drill, recoveries: Sequence[Recovery]) -> str:
    parts = []
    for r in recoveries:
        spent = listed([f"{p.name} {amount(p.ended_s - p.began_s)}" for p in r.phases])
        observed = f", observed RTO {seconds(r.rta_s)}" if r.rta_s else ""
        parts.append(f"{r.journey}: {r.state}{observed}{f'; {spent}' if spent else ''}")
    goal = "no objective" if drill.objectives.rto_s is None else f"objective {amount(drill.objectives.rto_s)}"
    return f"{goal}. {'. '.join(parts)}."
