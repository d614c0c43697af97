"""The dossier of one drill: its record closed, judged, its findings saved, its report written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drdrill.measure import judge
from drdrill.model.drill import Drill
from drdrill.model.judgement import Judgement
from drdrill.record.calibrations import cite_latest, cited_calibration
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import close_history, load_history
from drdrill.report import ReportContext, render_html
from drdrill.report.afterwards import not_part_of
from drdrill.report.calibration import citation, rows

_NOT_SIMULATED = (
    "The network between the cities: the lab's links have the delay that the plan gives them, none by default.",
    "Customers' caches beyond the record's TTL, and their retries: each operation here is one attempt.",
)


_AURORA = (
    "Aurora's storage: the lab's clusters are PostgreSQL servers, one of which follows the other. A secondary rejoins by pg_rewind or a "
    "base backup, and the snapshot of an unplanned failover is a copy of the old server's files."
)


def close(folder: RecordFolder, notes: Sequence[str] = ()) -> tuple[Judgement, str]:
    """Close the record, judge it, save the findings, write the report; returns the judgement and the record's digest."""
    digest = close_history(folder)
    history = load_history(folder)
    judgement = judge(history)
    write_durably(folder.findings, judgement.to_json().encode(), mode=0o644)
    cite_latest(folder)
    render(folder, history.drill, judgement, digest, notes)
    return judgement, digest


def rejudge(folder: RecordFolder) -> Judgement:
    """The judgement of a record that exists, from that record alone."""
    return judge(load_history(folder))


def render(folder: RecordFolder, drill: Drill, judgement: Judgement, digest: str, notes: Sequence[str] = ()) -> None:
    """Write the report for people beside the evidence. It cites the calibration that lies there (``calibration.json``)."""
    cited = cited_calibration(folder)
    context = ReportContext(
        history_digest=digest,
        evidence_folder=_as_typed(folder.root),
        not_shown=(*_not_simulated(drill), *not_part_of(judgement)),
        notes=tuple(notes),
        calibration=citation(cited, drill),
        calibrated=() if cited is None else tuple(rows(cited)),
    )
    write_durably(folder.report, render_html(drill, judgement, context=context).encode(), mode=0o644)


def _not_simulated(drill: Drill) -> tuple[str, ...]:
    if drill.target.kind != "lab":
        return ()
    return (*_NOT_SIMULATED, _AURORA) if drill.strategy.data == "aurora-global" else _NOT_SIMULATED


def _as_typed(path: Path) -> str:
    """The path as somebody in this directory would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
