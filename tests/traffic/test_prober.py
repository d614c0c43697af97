"""The prober as the performer runs it: its own process, an even pulse, a record that is closed when it stops."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drdrill.errors import EstateError
from drdrill.model.operation import Outcome
from drdrill.record.operations import read_operations
from drdrill.traffic.prober_process import Prober
from drdrill.waiting import wait_until

from .bank import Bank
from .conftest import OpenDrill

LOOPBACK = "127.0.0.1"


def test_the_prober_sends_evenly_and_closes_its_record(bank: Bank, open_drill: OpenDrill) -> None:
    open_drill.begin(LOOPBACK, bank.port, probe_journeys=["transfer", "balance"])
    with Prober(open_drill.session_path, open_drill.logs) as prober:
        assert prober.alive
        wait_until("the bank heard 50 requests", lambda: bank.requests >= 50, limit_s=20)
    assert prober.stop() == 0
    operations, told, *_, problems = read_operations(open_drill.record("prober"), drill_id="drill-1")
    assert (told.number, told.name, told.closed, problems) == (1, "prober", True, ())
    assert set(np.diff(operations["due_ns"])) == {20_000_000}
    assert (operations["kind"] == [1 - number % 2 for number in range(len(operations))]).all()
    assert (operations["outcome"] == Outcome.ACKED).mean() > 0.9


def test_stopping_waits_for_what_is_in_flight_up_to_its_deadline(bank: Bank, open_drill: OpenDrill) -> None:
    bank.manners = "hang"
    open_drill.begin(LOOPBACK, bank.port, deadline_s=0.5)
    with Prober(open_drill.session_path, open_drill.logs):
        wait_until("the bank heard 5 requests", lambda: bank.requests >= 5, limit_s=20)
    operations, told, *_ = read_operations(open_drill.record("prober"))
    assert told.closed
    assert (operations["done_ns"] - operations["sent_ns"] >= 0.5e9).all()


def test_a_killed_prober_is_noticed_and_its_record_holds_what_was_heard(bank: Bank, open_drill: OpenDrill) -> None:
    open_drill.begin(LOOPBACK, bank.port)
    with Prober(open_drill.session_path, open_drill.logs) as prober:
        wait_until("the bank heard 10 requests", lambda: bank.requests >= 10, limit_s=20)
        assert prober._process is not None
        prober._process.kill()
        wait_until("the death is noticed", lambda: not prober.alive, limit_s=5)
    operations, told, *_, problems = read_operations(open_drill.record("prober"))
    assert (told.closed, problems) == (False, ())
    assert set(bank.heard) <= set(operations["op_id"].tolist())


def test_a_prober_that_cannot_start_says_why(open_drill: OpenDrill) -> None:
    open_drill.begin(LOOPBACK, 1)
    open_drill.record("prober").touch()
    with pytest.raises(EstateError, match=r"no traffic: the prober ended with status 3 .* \(File exists\)"):
        Prober(open_drill.session_path, open_drill.logs).start()


def test_outside_a_drill_nothing_is_probed(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "drdrill.traffic.prober"], env={}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (3, "nothing is probed: no drill is open (DRDRILL_SESSION is not set)\n")


def test_the_prober_dies_with_its_parent(bank: Bank, open_drill: OpenDrill) -> None:
    """Even when the parent is killed: SIGTERM comes from the kernel, and the record is closed."""
    open_drill.begin(LOOPBACK, bank.port)
    parent = (
        "import sys; from pathlib import Path; from drdrill.traffic.prober_process import Prober;"
        "prober = Prober(Path(sys.argv[1]), Path(sys.argv[2])).start(); print(prober.pid, flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", parent, str(open_drill.session_path), str(open_drill.logs)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGKILL)
    wait_until("its record is closed", lambda: read_operations(open_drill.record("prober"))[1].closed, limit_s=10)
