"""What a report says that is neither plan nor judgement: where the evidence lies, and what it does not show."""

from __future__ import annotations

from drdrill.model.frozen import Frozen
from drdrill.report.calibration import Row


class ReportContext(Frozen):
    """The frame of one report.

    ``history_digest`` is the sha256 of the closed record (None: the record was never closed). ``evidence_folder`` is
    what follows ``drdrill judge``. ``not_shown`` and ``notes`` are sentences. ``calibration`` is the line that cites
    the last calibration (``drdrill.report.calibration``); None prints that none is recorded. ``calibrated`` are its rows.
    """

    evidence_folder: str
    history_digest: str | None = None
    not_shown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    calibration: str | None = None
    calibrated: tuple[Row, ...] = ()
