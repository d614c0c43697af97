"""The shelf of calibrations: the newest complete one is cited, and the copy in a drill's evidence stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.errors import EstateError
from drdrill.model.calibration import Calibration
from drdrill.model.judgement import Verdict
from drdrill.record.calibrations import (
    begin_calibration,
    cite_latest,
    cited_calibration,
    keep_calibration,
    latest_calibration,
)
from drdrill.record.folder import RecordFolder


def shelved(shelf: Path, identity: str) -> Calibration:
    calibration = Calibration(
        calibration_id=identity,
        began="2026-11-23T20:15:00+00:00",
        took_s=1.0,
        repetitions=1,
        seed=1,
        probe_spacing_s=0.02,
        share_containing=0.99,
        software={},
        machine="a machine",
        verdict=Verdict.UNKNOWN,
        kinds=(),
    )
    keep_calibration(begin_calibration(shelf, identity), calibration)
    return calibration


def test_the_newest_complete_calibration_is_found(tmp_path: Path) -> None:
    assert latest_calibration(tmp_path / "none") is None
    newest = [shelved(tmp_path, f"2026112{day}T000000Z-aaaa") for day in (1, 3, 2)][1]
    begin_calibration(tmp_path, "20261124T000000Z-aaaa")
    (begin_calibration(tmp_path, "20261125T000000Z-aaaa") / "calibration.json").write_text('{"format": "of tomorrow"}')
    assert latest_calibration(tmp_path) == newest.to_json().encode()


def test_a_drill_keeps_the_calibration_that_it_cites(tmp_path: Path) -> None:
    folder = RecordFolder.create(tmp_path / "reports" / "evidence", "drill-1")
    cite_latest(folder)
    assert cited_calibration(folder) is None
    first = shelved(tmp_path / "reports" / "calibration", "20261121T000000Z-aaaa")
    cite_latest(folder)
    shelved(tmp_path / "reports" / "calibration", "20261122T000000Z-aaaa")
    assert cited_calibration(folder) == first


def test_a_shelf_that_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "shelf").write_text("a file")
    with pytest.raises(
        EstateError, match=r"^nothing was calibrated: the result cannot be kept in .* \(Not a directory\)"
    ):
        begin_calibration(tmp_path / "shelf", "x")
