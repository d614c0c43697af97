"""The same drill, again and again: never an unknown that the lab itself caused, never a process left behind."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]
DRDRILL = Path(sys.executable).parent / "drdrill"


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_ten_drills_in_a_row(tmp_path: Path) -> None:
    tag = uuid.uuid4().hex
    verdicts = [drill(tmp_path, tag) for _ in range(10)]
    assert verdicts == ["pass"] * 10
    assert left_behind(tag) == []


def drill(reports: Path, tag: str) -> str:
    done = subprocess.run(
        [str(DRDRILL), "run", "experiments/aurora-global-region-loss.yaml", "--json", "--reports", str(reports)],
        cwd=ROOT,
        env=os.environ | {"DRDRILL_TEST_TAG": tag},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    verdict: str = json.loads(done.stdout.splitlines()[-1])["verdict"]
    assert (done.returncode, verdict) == (0, "pass"), done.stderr[-4000:]
    return verdict


def left_behind(tag: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DRDRILL_TEST_TAG") == tag:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
