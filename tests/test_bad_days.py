"""Bad days: whatever dies, and whenever, there is one sentence, the right exit status, evidence, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from drdrill.errors import EstateError
from drdrill.model.estate import Estate
from drdrill.model.judgement import Verdict
from drdrill.model.mark import DRILL_ABORTED, DRILL_STARTED, FAULT_HEALED, FAULT_PROVED, TRAFFIC_STARTED
from drdrill.pytest_plugin import Rehearse
from drdrill.record.marks import read_marks
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[1]
EXPERIMENT = "scenarios/sabotaged/lying-bank.yaml"
DRDRILL = Path(sys.executable).parent / "drdrill"


@dataclass
class Operator:
    """Somebody at a terminal who runs drills, and can find every process that came of them."""

    reports: Path
    tag: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        words = [str(DRDRILL), "run", EXPERIMENT, "--reports", str(self.reports)]
        return subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ | {"DRDRILL_TEST_TAG": self.tag} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def folder(self) -> Path:
        (folder,) = self.reports.iterdir()
        return folder

    def marks(self) -> list[str]:
        paths = list(self.reports.glob("*/marks.jsonl"))
        return [mark.name for mark in read_marks(paths[0])[0]] if paths else []

    def wait_for_mark(self, name: str, process: subprocess.Popen[str]) -> None:
        def marked() -> bool:
            assert process.poll() is None, f"the drill ended before {name}: {process.communicate()[0][-3000:]}"
            return name in self.marks()

        wait_until(f"{name} is marked", marked, limit_s=90, seen=self.marks, error=EstateError)

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("DRDRILL_TEST_TAG") == self.tag and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until_alone(self) -> None:
        wait_until(
            "nothing of the drill runs any more",
            lambda: not self.processes(),
            limit_s=60,
            every_s=0.5,
            seen=lambda: [" ".join(process.cmdline()) for process in self.processes()],
            error=EstateError,
        )


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(tmp_path / "evidence")
    yield operator
    for process in operator.processes():
        process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def test_missing_postgresql_is_one_refusal(operator: Operator) -> None:
    status, said = ended(operator.start(DRDRILL_POSTGRES_BIN="/nowhere/bin"))
    assert status == 3
    assert "the lab was not opened: PostgreSQL's" in said
    assert "Traceback" not in said
    assert (operator.folder() / "report.html").is_file()
    operator.wait_until_alone()


def test_evidence_that_cannot_be_kept_stops_the_drill_before_it_begins(operator: Operator) -> None:
    operator.reports.write_text("not a folder")
    status, said = ended(operator.start())
    assert status == 3
    assert said.startswith("no drill was begun: its evidence cannot be kept")
    operator.wait_until_alone()


@pytest.mark.parametrize("moment", [DRILL_STARTED, TRAFFIC_STARTED, FAULT_PROVED])
def test_ctrl_c_heals_and_keeps_the_evidence(operator: Operator, moment: str) -> None:
    process = operator.start()
    operator.wait_for_mark(moment, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to the whole foreground group
    status, said = ended(process)
    assert status == 5, said[-3000:]
    marks = operator.marks()
    assert DRILL_ABORTED in marks
    assert marks.count(FAULT_PROVED) <= marks.count(FAULT_HEALED)
    assert (operator.folder() / "history.json").is_file()
    assert (operator.folder() / "report.html").is_file()
    assert "Traceback" not in said
    operator.wait_until_alone()


def supervisor(operator: Operator) -> psutil.Process:
    return next(each for each in operator.processes() if "drdrill.lab.supervisor" in " ".join(each.cmdline()))


def performer(operator: Operator) -> psutil.Process:
    return next(each for each in operator.processes() if str(DRDRILL) in each.cmdline())


@pytest.mark.parametrize("moment", [TRAFFIC_STARTED, FAULT_PROVED])
def test_a_lab_that_dies_under_a_drill_is_never_a_pass(operator: Operator, moment: str) -> None:
    process = operator.start()
    operator.wait_for_mark(moment, process)
    supervisor(operator).kill()
    status, said = ended(process)
    assert status in (2, 3), said[-3000:]
    assert "lab" in said
    assert "Traceback" not in said
    assert (operator.folder() / "findings.json").is_file()
    operator.wait_until_alone()


@pytest.mark.parametrize("victim", [performer])
def test_a_killed_performer_leaves_no_fault_and_no_process(
    operator: Operator, victim: Callable[[Operator], psutil.Process]
) -> None:
    process = operator.start()
    operator.wait_for_mark(FAULT_PROVED, process)
    victim(operator).kill()
    process.communicate(timeout=60)
    operator.wait_until_alone()
    folder = operator.folder()
    assert (folder / "operations" / "prober.ops").stat().st_size > 4096
    judged = subprocess.run(
        [str(DRDRILL), "judge", str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert judged.returncode != 0, "an unfinished drill must not pass"
    assert "never closed" in judged.stdout


def test_a_crash_in_the_middle_keeps_the_evidence_and_is_no_pass(drill: Rehearse) -> None:
    def crash(_estate: Estate) -> None:
        raise RuntimeError("planted")

    rehearsed = drill(EXPERIMENT, inspect=crash)
    assert rehearsed.judgement.verdict is Verdict.UNKNOWN, (
        "a drill that crashed is not a pass, however whole its record"
    )
    assert rehearsed.exit_status == 2
    assert "planted" in (rehearsed.folder / "logs" / "crash.log").read_text()
    assert "the drill crashed" in rehearsed.report.read_text()
