"""The dossier of one drill: its record closed, judged, its findings saved, its report written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drdrill.measure import judge
from drdrill.model.drill import Drill
from drdrill.model.judgement import Judgement
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import close_history, load_history
from drdrill.report import ReportContext, render_html

_NOT_SIMULATED = (
    "AWS's own durations: the lab promotes, detects and routes in its own time.",
    "The network between the cities: the lab's links have the delay that the plan gives them, none by default.",
    "Customers' caches beyond the record's TTL, and their retries: each operation here is one attempt.",
    "A failback to the primary region: it is a recovery of its own, and was not part of this drill.",
)


def close(folder: RecordFolder, notes: Sequence[str] = ()) -> tuple[Judgement, str]:
    """Close the record, judge it, save the findings, write the report; returns the judgement and the record's digest."""
    digest = close_history(folder)
    history = load_history(folder)
    judgement = judge(history)
    write_durably(folder.findings, judgement.to_json().encode(), mode=0o644)
    render(folder, history.drill, judgement, digest, notes)
    return judgement, digest


def rejudge(folder: RecordFolder) -> Judgement:
    """The judgement of a record that exists, from that record alone."""
    return judge(load_history(folder))


def render(folder: RecordFolder, drill: Drill, judgement: Judgement, digest: str, notes: Sequence[str] = ()) -> None:
    """Write the report for people beside the evidence."""
    context = ReportContext(
        history_digest=digest,
        evidence_folder=_as_typed(folder.root),
        not_shown=_NOT_SIMULATED,
        notes=tuple(notes),
        calibration=None,
    )
    write_durably(folder.report, render_html(drill, judgement, context=context).encode(), mode=0o644)


def _as_typed(path: Path) -> str:
    """The path as somebody in this directory would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
