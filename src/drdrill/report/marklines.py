"""Marks in a picture: one vertical line through all panels for each, its name on a flag above them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from drdrill.model import mark
from drdrill.model.judgement import MarkAt
from drdrill.report.flags import Flag, hoisted
from drdrill.report.palette import light
from drdrill.report.wording import clean, moment

DRAWN = {
    mark.FAULT_REQUESTED: "fault requested",
    mark.FAULT_PROVED: "fault proved",
    mark.OUTAGE_DETECTED: "outage detected",
    mark.RECOVERY_DECLARED: "recovery declared",
    mark.FENCE_PROVED: "fence proved",
    mark.DATABASE_WRITABLE: "database writable",
    mark.SNAPSHOT_UNUSABLE: "snapshot unusable",
    mark.SNAPSHOT_RESTORED: "snapshot restored",
    mark.CAPACITY_READY: "capacity ready",
    mark.TRAFFIC_ROUTED: "traffic routed",
    mark.SERVICE_RESTORED: "service restored",
    mark.SECOND_ZONE_READY: "second zone ready",
    mark.FAILBACK_STARTED: "failback started",
    mark.FAILBACK_REQUESTED: "failback requested",
    mark.FAILBACK_PROVED: "failback proved",
    mark.FAULT_HEALED: "fault healed",
    mark.HEAL_REFUSED: "heal refused",
    mark.RECORDER_LOST: "recorder lost",
    mark.DRILL_ABORTED: "drill aborted",
}
"""The marks that are drawn, and how they are called in a picture. All marks are in the table."""

ROW_IN = 0.19
_LETTER_PT = 5.0
_MOST = 18
_LONGEST_FAULT = 24


def drawn_marks(marks: Sequence[MarkAt], began_s: float, ended_s: float) -> list[tuple[float, str]]:
    """Moment and label of the marks worth drawing between two moments, at most as many as can be read."""
    inside = [m for m in marks if m.name in DRAWN and began_s <= m.at_s <= ended_s]
    several = len({str(m.detail["fault"]) for m in inside if "fault" in m.detail}) > 1
    return [(m.at_s, f"{_label(m, several)} {moment(m.at_s)}") for m in inside[:_MOST]]


def _label(mark_at: MarkAt, several: bool) -> str:
    """How a mark is called; where a drill has several faults, "fault" gives way to the name of the one that is meant."""
    name, fault = DRAWN[mark_at.name], str(mark_at.detail.get("fault", ""))
    if not several or not fault:
        return name
    return f"{fault[:_LONGEST_FAULT]} {name.removeprefix('fault ')}"


def flags_for(labels: Sequence[tuple[float, str]], span_s: tuple[float, float], width_in: float) -> list[Flag]:
    """Labels placed over axes that are ``width_in`` inches wide and show ``span_s``; positions in seconds."""
    s_per_pt = (span_s[1] - span_s[0]) / (width_in * 72)
    sized = [(x, clean(text), (len(text) * _LETTER_PT + 10) * s_per_pt) for x, text in labels]
    return hoisted(sized, span_s[1])


def rows(flags: Sequence[Flag]) -> int:
    """How many rows the flags need."""
    return 1 + max((flag.row for flag in flags), default=-1)


def draw_flags(lane: Axes, flags: Sequence[Flag]) -> None:
    """Fill the lane above the panels: poles and names."""
    lane.set_axis_off()
    lane.set_ylim(0, max(1, rows(flags)))
    for flag in flags:
        lane.plot([flag.x, flag.x], [0, flag.row + 0.85], color=light("rule"), linewidth=0.9, clip_on=False)
        lane.annotate(
            flag.text,
            (flag.x, flag.row + 0.5),
            xytext=(-4 if flag.leftward else 4, 0),
            textcoords="offset points",
            ha="right" if flag.leftward else "left",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )


def draw_poles(axes: Axes, flags: Sequence[Flag]) -> None:
    """Continue the poles through one panel."""
    for flag in flags:
        axes.axvline(flag.x, color=light("rule"), linewidth=0.9, linestyle=(0, (4, 2)), zorder=3)
