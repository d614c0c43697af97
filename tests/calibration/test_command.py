"""``drdrill calibrate`` from a shell: progress, a table, a picture, a page, and the verdict as exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drdrill.calibration.kinds import NAMES
from drdrill.model.judgement import Verdict
from drdrill.record.calibrations import latest_calibration, read_calibration
from drdrill.waiting import wait_until

WORDS = [sys.executable, "-m", "drdrill.cli", "calibrate"]
STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 2}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*WORDS, *words], capture_output=True, text=True, check=False)


def test_what_cannot_be_calibrated_is_told_all_at_once_and_nothing_is_made(tmp_path: Path) -> None:
    done = run("--only", "earthquake", "--repetitions", "0", "--reports", str(tmp_path / "shelf"))
    assert done.returncode == 4
    said = " ".join(done.stderr.split())
    assert said.startswith("nothing was calibrated:")
    assert f"there is no kind 'earthquake'; there are {', '.join(NAMES)}" in said
    assert "0 repetitions are none" in said
    assert not (tmp_path / "shelf").exists()


@pytest.mark.lab
def test_a_calibration_of_one_kind(tmp_path: Path) -> None:
    done = run("--only", "unavailable", "--repetitions", "1", "--reports", str(tmp_path))
    content = latest_calibration(tmp_path)
    assert content is not None, done.stderr
    calibration = read_calibration(content)
    assert calibration is not None
    assert done.returncode == STATUS[calibration.verdict] != 1
    assert [kind.kind for kind in calibration.kinds] == ["unavailable"]
    folder = tmp_path / calibration.calibration_id
    assert (folder / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "calibration.html").read_text()
    assert "unavailable" in done.stdout
    assert "unavailable" in done.stderr


@pytest.mark.lab
def test_an_interrupted_calibration_leaves_no_result_and_no_process(tmp_path: Path) -> None:
    words = [*WORDS, "--only", "refused", "--reports", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until("it probes", lambda: list(tmp_path.glob("*/evidence/refused/run/operations/*.ops")), limit_s=60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "aborted" in said
    assert latest_calibration(tmp_path) is None
