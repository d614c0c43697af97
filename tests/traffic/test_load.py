"""Locust as the performer runs it, and as anybody runs it on their own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from drdrill.model.operation import Failure, Outcome
from drdrill.model.shape import Replay
from drdrill.record.operations import read_operations
from drdrill.traffic.load import LoadGenerator
from drdrill.waiting import wait_until

from .bank import Bank
from .conftest import OpenDrill
from .names import NameServerOfOneName

LOOPBACK = "127.0.0.1"
LOCUSTFILE = Path(__file__).parents[2] / "loadtests" / "locustfile.py"


def locust(*words: str, cwd: Path, locustfile: Path = LOCUSTFILE) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "DRDRILL_"))}
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary", *words],
        cwd=cwd,
        env=environment | {"HOME": str(cwd)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_load_follows_the_plan_and_its_record_is_closed(bank: Bank, open_drill: OpenDrill) -> None:
    open_drill.begin(LOOPBACK, bank.port, rate_per_s=200)
    with LoadGenerator(open_drill.session_path, open_drill.logs) as load:
        assert load.alive
        wait_until("the bank heard 300 requests", lambda: bank.requests >= 300, limit_s=20)
    assert load.stop() == 0
    operations, told, journeys, regions, problems = read_operations(open_drill.record("locust-0"), drill_id="drill-1")
    assert (told.number, told.closed, problems) == (2, True, ())
    assert journeys == ("balance", "transfer", "statement")
    assert regions == ("none", "ap-south-1", "ap-south-2")
    assert set(np.diff(operations["due_ns"])) == {5_000_000}
    assert (operations["outcome"] == Outcome.ACKED).all()
    assert set(operations["region"]) == {2}
    shares = np.bincount(operations["journey"], minlength=3) / len(operations)
    assert np.abs(shares - (0.45, 0.45, 0.10)).max() < 0.12
    assert set(bank.heard) == set(operations["op_id"][operations["kind"] == 1].tolist())


def test_stopping_waits_for_what_is_in_flight(bank: Bank, open_drill: OpenDrill) -> None:
    bank.manners = "hang"
    open_drill.begin(LOOPBACK, bank.port, rate_per_s=100, deadline_s=0.7)
    with LoadGenerator(open_drill.session_path, open_drill.logs) as load:
        wait_until("the bank heard 20 requests", lambda: bank.requests >= 20, limit_s=20)
    assert load.stop() == 0
    operations, told, *_ = read_operations(open_drill.record("locust-0"))
    assert told.closed
    assert (operations["outcome"] == Outcome.UNKNOWN).all()
    assert (operations["done_ns"] - operations["sent_ns"] >= 0.7e9).all()


def test_the_load_asks_the_estates_own_name_server(
    bank: Bank, names: NameServerOfOneName, open_drill: OpenDrill
) -> None:
    """Under gevent as well: nothing blocks the dispatcher, and the TTL is respected."""
    open_drill.begin("bank.example", bank.port, dns=names.address, rate_per_s=100)
    with LoadGenerator(open_drill.session_path, open_drill.logs):
        wait_until("the bank heard 150 requests", lambda: bank.requests >= 150, limit_s=20)
    operations, *_ = read_operations(open_drill.record("locust-0"))
    assert (operations["outcome"] == Outcome.ACKED).all()
    gaps = [later - earlier for earlier, later in zip(names.asked, names.asked[1:], strict=False)]
    assert gaps
    assert min(gaps) >= names.ttl_s - 0.05, "the second question may travel faster than the first"


def test_outside_a_drill_names_are_the_systems(bank: Bank, tmp_path: Path) -> None:
    words = ("--rate", "50", "--run-time", "3s", "--record", "a.ops", "--exit-code-on-error", "0")
    run = locust("--host", f"http://localhost:{bank.port}", *words, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    operations, *_ = read_operations(tmp_path / "a.ops")
    assert len(operations) > 50
    assert not (operations["failure"] == Failure.NAME_NOT_RESOLVED).any()


def test_workers_share_the_schedule(bank: Bank, open_drill: OpenDrill) -> None:
    open_drill.begin(LOOPBACK, bank.port, rate_per_s=100)
    with LoadGenerator(open_drill.session_path, open_drill.logs, workers=2):
        wait_until("the bank heard 200 requests", lambda: bank.requests >= 200, limit_s=20)
    for index in range(2):
        operations, told, *_ = read_operations(open_drill.record(f"locust-{index}"))
        assert (told.number, told.closed) == (2 + index, True)
        assert set(np.diff(operations["due_ns"])) == {20_000_000}


def test_on_its_own_it_records_and_exits_with_0(bank: Bank, tmp_path: Path) -> None:
    """With an operation id space of its own, so that two runs against one bank never share a key."""
    run = locust("--host", f"http://{LOOPBACK}:{bank.port}", "--rate", "100", "--run-time", "3s", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    (path,) = (tmp_path / "reports").glob("*.ops")
    operations, told, *_, problems = read_operations(path)
    assert (told.closed, problems) == (True, ())
    assert told.number >= 1 << 16
    assert len(operations) > 50
    assert "transfer" in run.stdout + run.stderr


def test_locusts_error_report_says_what_was_not_served_and_how_often(bank: Bank, tmp_path: Path) -> None:
    bank.manners = "not_done"
    words = ["--host", f"http://{LOOPBACK}:{bank.port}", "--rate", "100", "--run-time", "2s", "--record", "a.ops"]
    run = locust(*words, "--exit-code-on-error", "1", cwd=tmp_path)
    assert run.returncode == 1, "Locust itself would say that requests failed"
    told = re.findall(r"(\d+) .*NotServed\(.refused, HTTP 409", run.stdout + run.stderr)
    operations, *_ = read_operations(tmp_path / "a.ops")
    assert sum(map(int, told)) == len(operations)


def test_kept_connections_are_a_choice_of_the_plan_and_the_log_says_what_became_of_them(
    bank: Bank, open_drill: OpenDrill
) -> None:
    open_drill.begin(LOOPBACK, bank.port, rate_per_s=200, connections="kept")
    with LoadGenerator(open_drill.session_path, open_drill.logs) as load:
        wait_until("the bank heard 200 requests", lambda: bank.requests >= 200, limit_s=20)
    assert load.stop() == 0
    operations, *_ = read_operations(open_drill.record("locust-0"))
    assert (operations["outcome"] == Outcome.ACKED).all()
    (said,) = re.findall(r"kept connections: (\d+) for (\d+) requests", load.log.read_text())
    assert int(said[0]) < int(said[1]) / 4
    assert int(said[1]) == len(operations)


def test_a_plans_recording_is_replayed_and_ends_with_its_last_arrival(
    bank: Bank, open_drill: OpenDrill, tmp_path: Path
) -> None:
    """Two workers, and together they send every line of it once, each line's own journey."""
    recording = tmp_path / "arrivals.csv"
    recording.write_text("".join(f"{number / 100},{'transfer' if number % 3 else ''}\n" for number in range(150)))
    open_drill.begin(LOOPBACK, bank.port, shape=Replay(file=str(recording)).model_dump(), journeys={"statement": 1})
    with LoadGenerator(open_drill.session_path, open_drill.logs, workers=2):
        wait_until("the bank heard 150 requests", lambda: bank.requests >= 150, limit_s=20)
    for index in range(2):
        operations, *_ = read_operations(open_drill.record(f"locust-{index}"))
        assert operations["journey"].tolist() == [1 if number % 3 else 2 for number in range(index, 150, 2)]
        assert set(np.diff(operations["due_ns"])) == {20_000_000}
    assert len(bank.heard) == 100


COUNTING = """
from locust import events
from drdrill.traffic.locust_dispatcher import Dispatcher
heard = []
@events.request.add_listener
def hear(name, exception, response_time, **_):
    heard.append((name, exception is None, response_time))
@events.quitting.add_listener
def tell(**_):
    print("HEARD", len(heard), sum(served for _, served, _ in heard), flush=True)
"""


@pytest.mark.parametrize("somebody_listens", [False, True])
def test_locusts_own_tables_agree_with_the_record(bank: Bank, tmp_path: Path, somebody_listens: bool) -> None:
    """Counted in batches, or one by one when somebody else listens: the same numbers."""
    locustfile = tmp_path / "listening.py"
    locustfile.write_text(COUNTING)
    bank.manners = "not_done"
    words = ["--rate", "100", "--journeys", "transfer=2,balance=1", "--run-time", "3s", "--exit-code-on-error", "0"]
    words += ["--host", f"http://{LOOPBACK}:{bank.port}", "--record", "a.ops", "--json-file", "table"]
    run = locust(*words, cwd=tmp_path, locustfile=locustfile if somebody_listens else LOCUSTFILE)
    assert run.returncode == 0, run.stderr
    operations, *_ = read_operations(tmp_path / "a.ops")
    rows = {row["name"]: row for row in json.loads((tmp_path / "table.json").read_text())}
    for name, count in zip(("balance", "transfer"), np.bincount(operations["journey"]).tolist(), strict=True):
        assert (rows[name]["num_requests"], rows[name]["num_failures"]) == (count, count)
        took_ms = (operations["done_ns"] - operations["due_ns"])[operations["journey"] == (name == "transfer")] / 1e6
        assert rows[name]["total_response_time"] == pytest.approx(took_ms.sum(), rel=1e-6)
        assert rows[name]["max_response_time"] == pytest.approx(took_ms.max(), rel=1e-6)
        assert sum(rows[name]["response_times"].values()) == count
    if somebody_listens:
        assert f"HEARD {len(operations)} 0" in run.stdout


def test_every_wrong_option_is_told_at_once(tmp_path: Path) -> None:
    words = ["--host", "http://any", "--rate", "-1", "--journeys", "loan=3", "--deadline", "0"]
    run = locust(*words, "--shape", "spike peak=5,lasts=1", cwd=tmp_path)
    assert run.returncode == 4
    for problem in ("spike: after: Field required", "no journey loan", "a deadline of 0 s"):
        assert problem in run.stderr


@pytest.mark.parametrize("host", ["ftp://any", "any:80"])
def test_a_host_that_is_no_door_is_refused(tmp_path: Path, host: str) -> None:
    run = locust("--host", host, cwd=tmp_path)
    assert run.returncode == 4
    assert "nothing is sent" in run.stderr


def post(url: str, **form: object) -> int:
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode() if form else None, timeout=10) as answer:
        status: int = answer.status
        return status


def test_the_web_interface_starts_stops_and_starts_again_into_one_record(bank: Bank, tmp_path: Path) -> None:
    """What is typed into the form holds for the next start, and the record is closed when Locust ends."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "DRDRILL_"))}
    record = tmp_path / "web.ops"
    words = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--web-host", LOOPBACK, "--web-port", str(port)]
    words += ["--host", f"http://{LOOPBACK}:{bank.port}", "--record", str(record), "--exit-code-on-error", "0"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            words,
            cwd=tmp_path,
            env=environment | {"HOME": str(tmp_path)},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            url = f"http://{LOOPBACK}:{port}"
            wait_until("the web interface answers", lambda: _answers(url), limit_s=30)
            for rate in (50, 100):
                before = bank.requests
                assert (
                    post(f"{url}/swarm", user_count=1, spawn_rate=1, host=f"http://{LOOPBACK}:{bank.port}", rate=rate)
                    == 200
                )
                wait_until("the bank heard 60 more", lambda before=before: bank.requests >= before + 60, limit_s=20)
                assert post(f"{url}/stop", now=1) == 200
        finally:
            process.terminate()
    assert process.returncode == 0, (tmp_path / "log").read_text()
    operations, told, *_, problems = read_operations(record)
    assert (told.closed, problems) == (True, ())
    assert (operations["outcome"] == Outcome.ACKED).all()
    spacings = np.diff(operations["due_ns"])
    assert (spacings[0], spacings[-1]) == (20_000_000, 10_000_000)


def _answers(url: str) -> bool:
    try:
        return post(url) == 200
    except OSError:
        return False
