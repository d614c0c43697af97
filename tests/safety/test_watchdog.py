"""The watchdog outlives its performer, and leaves nothing open."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tomllib import loads

import pytest
from tests.safety.test_undo import Scratch

from drdrill.model.estate import Estate, Session
from drdrill.model.target import Target
from drdrill.safety.undo import UndoBook
from drdrill.waiting import wait_until

LAB = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))


@pytest.fixture
def performer() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process
    process.kill()
    process.wait()


def _session(folder: Path) -> Path:
    """A session whose lab is gone already: its faults went with it."""
    estate = Estate(target=LAB, aws_endpoints={}, dns=None, ledgers={}, front_doors={}, lab_dir=str(folder / "gone"))
    session = Session(
        drill_id="d", evidence_dir=str(folder), disaster="scratch", estate=estate, plan_path=str(folder / "plan.json")
    )
    path = folder / "session.json"
    path.write_text(session.model_dump_json())
    return path


def _watchdog(session: Path, pid: int, limit_s: float) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "drdrill.safety.watchdog", "--session", str(session), "--pid", str(pid)]
    process = subprocess.Popen([*words, "--max-duration-s", str(limit_s)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process


def test_it_heals_when_the_performer_was_killed(tmp_path: Path, performer: subprocess.Popen[bytes]) -> None:
    """``kill -9`` leaves a performer no time to heal; the session file may be gone by then too."""
    session = _session(tmp_path)
    book = UndoBook(tmp_path / "undo.jsonl")
    book.open_for(Scratch(1))
    watchdog = _watchdog(session, performer.pid, 60)
    session.unlink()
    assert watchdog.poll() is None
    assert book.open_undos()
    os.kill(performer.pid, signal.SIGKILL)
    assert watchdog.wait(20) == 0
    assert book.open_undos() == ()


def test_it_stops_a_performer_that_takes_too_long(tmp_path: Path, performer: subprocess.Popen[bytes]) -> None:
    """The performer is told to stop, which gives it the chance to heal by itself; the abort is on record."""
    watchdog = _watchdog(_session(tmp_path), performer.pid, 0.5)
    assert performer.wait(20) == -signal.SIGTERM
    assert watchdog.wait(20) == 0
    marks = [json.loads(line) for line in (tmp_path / "marks.jsonl").read_text().splitlines()]
    assert [mark["name"] for mark in marks] == ["drill.aborted"]
    assert "longer than its limit" in marks[0]["detail"]["reason"]


def test_ctrl_c_is_not_for_it(tmp_path: Path, performer: subprocess.Popen[bytes]) -> None:
    """The terminal sends Ctrl-C to the whole group; the watchdog must be the last to leave."""
    watchdog = _watchdog(_session(tmp_path), performer.pid, 60)
    watchdog.send_signal(signal.SIGINT)
    os.kill(performer.pid, signal.SIGKILL)
    status = wait_until("it ends by itself", lambda: watchdog.poll() is not None, limit_s=20)
    assert status
    assert watchdog.returncode == 0
