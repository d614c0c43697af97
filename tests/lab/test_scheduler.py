"""The scheduler calls at its interval, gives the function its own environment alone, and outlives the function's errors."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

FUNCTION = """
import os
from pathlib import Path

def handler(event, context):
    with Path(os.environ["OUT"]).open("a") as out:
        out.write(f"{context.aws_request_id} {os.environ.get('SECRET_OF_THE_OPERATOR')}\\n")
    if context.aws_request_id == "call-2":
        raise ValueError("the second call fails")
"""


def test_a_failing_call_is_written_down_and_the_next_comes_as_planned(tmp_path: Path) -> None:
    (tmp_path / "function_under_schedule.py").write_text(FUNCTION)
    out, config = tmp_path / "out", tmp_path / "config.json"
    told = {"function": "function_under_schedule", "every_s": 0.05, "environment": {"OUT": str(out)}}
    config.write_text(json.dumps(told))
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "drdrill.lab.scheduler", "--config", str(config)],
        env={**os.environ, "PYTHONPATH": path, "SECRET_OF_THE_OPERATOR": "must not be seen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until("it was called four times", lambda: out.exists() and len(out.read_text().splitlines()) >= 4, limit_s=30)
    process.send_signal(signal.SIGTERM)
    said, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said == "ready\n"
    assert "ValueError: the second call fails" in log
    lines = out.read_text().splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["call-1", "call-2", "call-3", "call-4"]
    assert {line.split()[1] for line in lines} == {"None"}
