"""``drdrill calibrate``: progress while it runs, then the table, the picture and the page; the verdict is the exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from drdrill.calibration.run import Wanted, Watcher, calibrate
from drdrill.model.calibration import Calibration
from drdrill.model.judgement import Verdict
from drdrill.record.calibrations import keep_calibration
from drdrill.record.folder import write_durably
from drdrill.report.calibration_page import render_calibration_html
from drdrill.report.calibration_picture import calibration_png, calibration_svg
from drdrill.report.calibration_terminal import render_calibration

_EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 2}


def calibrate_and_show(wanted: Wanted, told: Console, shown: Console) -> int:
    """Calibrate, telling progress on one console, and show the result on the other; returns the exit status."""
    wanted.refuse_nonsense()
    with _watching(told) as watcher:
        folder, calibration = calibrate(wanted, watcher)
    keep(folder, calibration)
    shown.print(render_calibration(calibration))
    for what, name in (("result", "calibration.json"), ("picture", "calibration.svg"), ("page", "calibration.html")):
        shown.print(f"{what}: {escape(str(folder / name))}", soft_wrap=True)
    return _EXIT[calibration.verdict]


def keep(folder: Path, calibration: Calibration) -> None:
    """Write everything that is made from a result beside its evidence; the result itself comes last."""
    write_durably(folder / "calibration.svg", calibration_svg(calibration), mode=0o644)
    write_durably(folder / "calibration.png", calibration_png(calibration), mode=0o644)
    write_durably(folder / "calibration.html", render_calibration_html(calibration).encode(), mode=0o644)
    keep_calibration(folder, calibration)


class _OnTheTerminal(Watcher):
    """A bar for each kind, and above the bars one line for whatever is said."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, sentence: str) -> None:
        self._progress.console.print(escape(sentence), soft_wrap=True)

    def begin(self, task: str, total: int) -> None:
        self._tasks[task] = self._progress.add_task(task, total=total)

    def advance(self, task: str) -> None:
        self._progress.advance(self._tasks[task])


@contextmanager
def _watching(console: Console) -> Iterator[Watcher]:
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        yield _OnTheTerminal(progress)
