"""Draws docs/images/load-*.svg: what each shape of traffic asks for, and what a schedule of it really sends.

``python tools/draw_load_shapes.py``. The lines are the curves of ``drdrill.traffic.curve``, the bars count the arrivals of the
schedules that a drill would follow; the same code gives the same bytes.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import numpy as np
from matplotlib import pyplot

from drdrill.model.shape import BankingDay, Replay, Spike
from drdrill.report.palette import light
from drdrill.traffic.replay import ReplayedSchedule
from drdrill.traffic.schedule import Schedule

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BARS = 60


@dataclass(frozen=True)
class Panel:
    """One picture: its file, what a plan says, the schedule, and how many seconds of it are shown."""

    name: str
    said: str
    schedule: Schedule | ReplayedSchedule
    span_s: float


def panels(folder: Path) -> list[Panel]:
    """Every shape, as docs/load.md explains it."""
    spike = Spike(peak_per_s=400, after_s=30, climb_s=3, lasts_s=15)
    day = BankingDay(day_s=600)
    return [
        Panel("constant", "rate: 100/s", Schedule(100), 60),
        Panel("poisson", "rate: 100/s, arrivals: poisson", Schedule(100, arrivals="poisson", seed=1), 60),
        Panel("ramp", "rate: 100/s, ramp: 30 s", Schedule(100, ramp_s=30), 60),
        Panel("spike", "rate: 100/s, spike: 400/s after 30 s for 15 s", Schedule(100, ramp_s=5, shape=spike), 60),
        Panel("banking-day", "rate: 100/s, banking_day: 10 min", Schedule(100, shape=day), 660),
        Panel("replay", "replay of a recorded hour, 60 times as fast", recorded(folder), 60),
    ]


def recorded(folder: Path) -> ReplayedSchedule:
    """A made-up recording: a quiet hour, a stampede, a gap."""
    rng = np.random.default_rng(3)
    parts = (rng.uniform(0, 3600, 2200), rng.normal(1300, 90, 1500), rng.uniform(2900, 3600, 900))
    times_s = np.sort(np.concatenate(parts))
    times_s = times_s[(times_s < 2300) | (times_s > 2500)]
    path = folder / "arrivals.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["due_s"], *([f"{time_s:.3f}"] for time_s in times_s)])
    return ReplayedSchedule.of(Replay(file=str(path), speed=60))


def draw(panel: Panel) -> None:
    """One picture as SVG."""
    due_s = np.array(list(takewhile(lambda due_ns: due_ns < panel.span_s * 1e9, panel.schedule.due_ns(0)))) / 1e9
    edges = np.linspace(0, panel.span_s, BARS + 1)
    counts = np.histogram(due_s, edges)[0] / (panel.span_s / BARS)
    figure, axes = pyplot.subplots(figsize=(6.4, 2.1), layout="constrained")
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=light("good"), label="sent")
    if isinstance(panel.schedule, Schedule):
        moments = np.linspace(0, panel.span_s, 2000)
        axes.plot(moments, panel.schedule.curve.rate_at(moments), color=light("p99"), linewidth=1.6, label="asked for")
    axes.set(
        xlim=(0, panel.span_s),
        ylim=(0, counts.max() * 1.35),
        xlabel="seconds from the start of the traffic",
        ylabel="a second",
    )
    axes.set_title(panel.said, loc="left", fontsize=9)
    axes.legend(loc="upper right", frameon=False, fontsize=8, ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(IMAGES / f"load-{panel.name}.svg", metadata={"Date": None}, facecolor=light("paper"))
    pyplot.close(figure)


def main() -> None:
    """Draw them all."""
    matplotlib.rcParams.update({"svg.hashsalt": "drdrill", "svg.fonttype": "none", "font.size": 9})
    with tempfile.TemporaryDirectory() as folder:
        for panel in panels(Path(folder)):
            draw(panel)


if __name__ == "__main__":
    main()
