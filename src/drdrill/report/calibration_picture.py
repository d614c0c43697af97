"""The picture of a calibration: observed minus true, repetition by repetition, with the interval as a bar. Readable in grey."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drdrill.model.calibration import Calibration, KindResult, Trial
from drdrill.report.palette import light
from drdrill.report.picture import WIDTH_IN, drawing, inline, new_figure
from drdrill.report.wording import plural

_LANE_IN, _HEAD_IN, _FOOT_IN, _LEFT_IN, _RIGHT_IN = 0.5, 0.3, 0.5, 1.75, 0.85
_LEGEND_IN = 0.3
_LEGEND = (
    "bar: the observed interval; dot: its middle, it holds the truth; cross: it does not; hollow: the machine was late"
)
_DPI = 150


@dataclass(frozen=True)
class _Panel:
    title: str
    label: str
    kinds: tuple[KindResult, ...]
    scale: float

    @property
    def height_in(self) -> float:
        return _HEAD_IN + _FOOT_IN + _LANE_IN * len(self.kinds)


def calibration_svg(calibration: Calibration) -> bytes:
    """The picture as a file of its own."""
    return _saved(calibration, "svg")


def calibration_png(calibration: Calibration) -> bytes:
    """The same, for where no SVG can be shown."""
    return _saved(calibration, "png")


def calibration_inline(calibration: Calibration) -> Markup:
    """The same, inside a page."""
    with drawing():
        return inline(_drawn(calibration), "calibration", "Observed minus true", _told(calibration))


def _saved(calibration: Calibration, kind: str) -> bytes:
    target = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with drawing():
        figure = _drawn(calibration)
        figure.savefig(target, format=kind, facecolor="white", dpi=_DPI, metadata=metadata)
    return target.getvalue()


def _told(calibration: Calibration) -> str:
    held = sum(kind.contained for kind in calibration.kinds)
    trials = sum(len(kind.trials) for kind in calibration.kinds)
    return (
        f"{held} of {plural(trials, 'repetition')} hold the truth; each bar is an observed interval, zero is the truth."
    )


def _drawn(calibration: Calibration) -> Figure:
    panels = _panels(calibration)
    height = sum(panel.height_in for panel in panels) + _LEGEND_IN
    figure = new_figure(height)
    top = height
    for panel in panels:
        bottom = top - panel.height_in + _FOOT_IN
        wide, tall = WIDTH_IN - _LEFT_IN - _RIGHT_IN, _LANE_IN * len(panel.kinds)
        axes = figure.add_axes((_LEFT_IN / WIDTH_IN, bottom / height, wide / WIDTH_IN, tall / height))
        _draw(axes, panel, calibration.probe_spacing_s)
        top -= panel.height_in
    figure.text(_LEFT_IN / WIDTH_IN, 0.1 / height, _LEGEND, fontsize=8.5, color=light("muted"))
    return figure


def _panels(calibration: Calibration) -> list[_Panel]:
    def of(*groups: str, unit: str = "s") -> tuple[KindResult, ...]:
        return tuple(kind for kind in calibration.kinds if kind.group in groups and kind.unit == unit)

    time = "observed minus true, ms"
    panels = (
        _Panel("Total outages: the shade is one probe spacing on either side", time, of("total"), 1e3),
        _Panel("Outages with a derived width: a queue that is answered at the end, a share that fails", time, of("queued", "partial"), 1e3),
        _Panel("The span of the split brain: the bar is how well it is known", time, of("loss"), 1e3),
        _Panel("Losses", "observed minus true, operations", of("loss", unit="operations"), 1.0),
    )  # fmt: skip
    return [panel for panel in panels if panel.kinds]


def _draw(axes: Axes, panel: _Panel, spacing_s: float) -> None:
    axes.set_title(panel.title, loc="left", fontsize=9.0, color=light("ink"))
    if panel.kinds[0].group == "total":
        axes.axvspan(-spacing_s * 1e3, spacing_s * 1e3, color=light("shade"), zorder=0)
    axes.axvline(0, color=light("rule"), linewidth=1.0, zorder=1)
    for lane, kind in enumerate(panel.kinds):
        _draw_lane(axes, lane, kind, panel.scale)
        axes.text(
            1.01,
            lane,
            kind.verdict.value,
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
            fontweight="bold",
            color=light("ink"),
        )
    axes.set_yticks(
        range(len(panel.kinds)), [f"{kind.kind}\n{kind.contained}/{len(kind.trials)}" for kind in panel.kinds]
    )
    axes.set_ylim(len(panel.kinds) - 0.5, -0.5)
    if panel.scale == 1.0:
        axes.set_xlim(*_at_least(axes.get_xlim(), 2.0))
    axes.set_xlabel(panel.label, fontsize=8.5)
    axes.grid(axis="x")
    for lane in range(1, len(panel.kinds)):
        axes.axhline(lane - 0.5, color=light("line"), linewidth=0.6)


def _at_least(limits: tuple[float, float], reach: float) -> tuple[float, float]:
    return min(limits[0], -reach), max(limits[1], reach)


def _draw_lane(axes: Axes, lane: int, kind: KindResult, scale: float) -> None:
    count = len(kind.trials)
    for place, trial in enumerate(kind.trials):
        at = lane + (place - (count - 1) / 2) * 0.8 / max(count, 10)
        _draw_trial(axes, at, trial, scale, thick=1.6 if count <= 20 else 0.6)


def _draw_trial(axes: Axes, at: float, trial: Trial, scale: float, *, thick: float) -> None:
    """A bar for the interval, its middle on it: a dot if it holds the truth, a cross if not, hollow if the machine was late."""
    ink = light("ink") if trial.contains else light("lost")
    if trial.error is None or trial.observed is None or trial.observed.high is None or trial.truth.high is None:
        axes.plot([0], [at], marker="x", color=light("lost"), markersize=5)
        return
    true = (trial.truth.low + trial.truth.high) / 2
    ends = _ends(trial, true, scale)
    axes.plot(ends, [at, at], color=light("p50") if trial.contains else ink, linewidth=thick, solid_capstyle="butt")
    axes.plot(
        [trial.error * scale],
        [at],
        marker="o" if trial.contains else "x",
        markersize=2.8 if thick > 1 else 1.6,
        markerfacecolor=light("paper") if trial.disturbed else ink,
        markeredgecolor=ink,
        markeredgewidth=0.7,
        linestyle="none",
    )


def _ends(trial: Trial, true: float, scale: float) -> Sequence[float]:
    """The interval around the truth; where the observation is one number, the bracket of the truth around the observation."""
    assert trial.observed is not None and trial.observed.high is not None and trial.truth.high is not None
    if trial.observed.high > trial.observed.low:
        return [(trial.observed.low - true) * scale, (trial.observed.high - true) * scale]
    return [(trial.observed.low - trial.truth.high) * scale, (trial.observed.low - trial.truth.low) * scale]
