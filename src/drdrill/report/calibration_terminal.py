"""The table that a calibration prints."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from drdrill.model.calibration import Calibration
from drdrill.model.judgement import Verdict
from drdrill.report.calibration import rows
from drdrill.report.verdicts import symbol

_HEADS = ("kind", "true", "error ms", "p95", "wide/calc", "hold it", "late", "verdict")
_LEGEND = (
    "error: middle of the observed interval minus the truth (median; p95 of its size); wide/calc: median width "
    "seen, and the width that follows from what is known (ms); late: repetitions that the machine disturbed"
)
_STYLES = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow", "not assessed": "dim"}


def render_calibration(calibration: Calibration) -> RenderableType:
    """The whole result for one screen: a verdict, a row for each kind, and a sentence for what did not pass."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0), pad_edge=False)
    for number, head in enumerate(_HEADS):
        table.add_column(head, justify="left" if number in (0, len(_HEADS) - 1) else "right", no_wrap=True)
    for row in rows(calibration):
        verdict = Text(f"{symbol(row.verdict)} {row.verdict}", style=_STYLES[row.verdict])
        cells = (row.truth, row.error, row.error_p95, row.width, row.contained, row.late)
        table.add_row(row.kind, *(Text(cell.removesuffix(" ms")) for cell in cells), verdict)
    doubts = [kind for kind in calibration.kinds if kind.verdict is not Verdict.PASS]
    said = [
        Padding(Text.assemble((f"{kind.kind}: ", _STYLES[kind.verdict.value]), kind.reason), (0, 0, 0, 2))
        for kind in doubts
    ]
    return Group(_banner(calibration), table, Text(_LEGEND, style="dim"), *said)


def _banner(calibration: Calibration) -> RenderableType:
    word = calibration.verdict.value
    told = (
        f"{calibration.repetitions} repetitions of {len(calibration.kinds)} kinds in {calibration.took_s:.0f} s, "
        f"a probe every {calibration.probe_spacing_s * 1e3:g} ms; {calibration.share_containing:.0%} of the intervals "
        "must hold the truth, and losses be exact"
    )
    said = Text.assemble((f"{symbol(word)} {word.upper()}", _STYLES[word]), f"  {told}")
    title = Text(f"Calibration {calibration.calibration_id}", style="bold")
    return Panel(said, title=title, title_align="left", box=box.HEAVY, border_style=_STYLES[word])
