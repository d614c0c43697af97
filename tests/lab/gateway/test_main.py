"""The process: how it begins, ends, and complains."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import HOST, RunningGateway

pytestmark = pytest.mark.lab


def run(config: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drdrill.lab.gateway", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_wrong_configuration_is_one_complaint_with_every_problem(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"bind": HOST, "port": "many"}))
    ended = run(config)
    assert ended.returncode == 4
    assert "port" in ended.stderr
    assert "token" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert run(tmp_path / "missing.json").returncode == 4


def test_an_address_that_is_taken_is_said(lab_target, doors, tmp_path: Path) -> None:
    databases = dict.fromkeys(lab_target.regions, "host=127.0.0.1 port=1")
    gateway = RunningGateway(tmp_path, lab_target, databases, doors)
    config = tmp_path / "config.json"
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(json.dumps({**gateway.document, "port": port}))
        ended = run(config)
    assert ended.returncode == 3
    assert ended.stderr.startswith(f"no AWS API is served: {HOST}:{port} cannot be listened on")
