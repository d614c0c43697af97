"""What a closed drill's report says of the instrument that measured it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.dossier import close, rejudge, render
from drdrill.record.calibrations import begin_calibration, keep_calibration
from drdrill.record.folder import RecordFolder, write_durably

from .calibration_sample import calibration
from .sample import drill


@pytest.fixture
def folder(tmp_path: Path) -> RecordFolder:
    """A drill that recorded nothing but its plan."""
    folder = RecordFolder.create(tmp_path / "evidence", "drill-1")
    write_durably(folder.plan, drill().model_dump_json().encode())
    return folder


def test_without_a_calibration_the_report_says_so(folder: RecordFolder) -> None:
    close(folder)
    assert "Calibration of the instrument: no calibration is recorded." in folder.report.read_text()


def test_the_report_cites_the_calibration_of_its_day_also_years_later(folder: RecordFolder) -> None:
    shelf = folder.root.parent.parent / "calibration"
    keep_calibration(begin_calibration(shelf, "1"), calibration())
    _, digest = close(folder)
    then = folder.report.read_bytes()
    assert b"Calibration of the instrument: 20261123T201500Z-a1b2, begun" in then
    newer = calibration().model_copy(update={"calibration_id": "20271123T201500Z-a1b2"})
    keep_calibration(begin_calibration(shelf, "2"), newer)
    render(folder, drill(), rejudge(folder), digest)
    assert folder.report.read_bytes() == then
