"""The processes of a bank: they start together, die alone, and none outlives the zygote."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import pytest

from drdrill.lab.process_tree import is_alive
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab


def test_each_address_has_a_process_of_its_own(open_bank):
    bank = open_bank(workers=5)

    assert [bank.ask("GET", "/health", worker=n).status for n in range(5)] == [200] * 5
    assert sorted(worker.name() for worker in bank.workers()) == [f"bank-worker-{n}" for n in range(5)]


def test_a_killed_worker_refuses_connections_stays_dead_and_leaves_no_zombie(open_bank):
    bank = open_bank(workers=2)
    victim = next(worker for worker in bank.workers() if worker.name() == "bank-worker-0")

    victim.kill()
    wait_until("it is gone", lambda: not victim.is_running(), limit_s=5)

    assert bank.ask("GET", "/health", worker=0).status is None
    assert bank.ask("GET", "/health", worker=1).status == 200
    assert [worker.name() for worker in bank.workers()] == ["bank-worker-1"]


def test_no_worker_outlives_a_killed_zygote(open_bank):
    bank = open_bank(workers=3)
    workers = bank.workers()

    bank.process.kill()

    wait_until("all are gone", lambda: not any(is_alive(worker) for worker in workers), limit_s=5)


def test_told_to_stop_it_stops_everybody_and_ends_well(open_bank):
    bank = open_bank(workers=2)
    workers = bank.workers()

    bank.process.send_signal(signal.SIGTERM)

    assert bank.process.wait(5) == 0
    assert not any(is_alive(worker) for worker in workers)
    assert bank.log.read_text() == ""


def test_without_workers_it_ends(open_bank):
    bank = open_bank(workers=1)
    for worker in bank.workers():
        worker.kill()

    assert bank.process.wait(5) == 1


def test_it_starts_without_a_database(open_bank, server):
    bank = open_bank(workers=1, at=server)

    assert bank.ask("GET", "/health").status == 200
    assert bank.ask("GET", "/ready").status == 503
    assert bank.transfer().promise == "not_done"


def start(tmp_path, **changed):
    config = {"region": "ap-south-1", "release": "1", "listen": ["127.0.0.1:1"], "dsn": "host=127.0.0.1", **changed}
    path = tmp_path / "bank.json"
    path.write_text(json.dumps(config))
    return subprocess.run(
        [sys.executable, "-m", "drdrill.lab.bank", "--config", str(path)], capture_output=True, text=True, timeout=30
    )


def test_a_taken_address_is_one_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        ended = start(tmp_path, listen=[address])

    assert ended.returncode == 3
    assert ended.stderr == f"nothing is served: {address} cannot be listened on (Address already in use)\n"
    assert ended.stdout == ""


def test_a_wrong_configuration_tells_every_problem(tmp_path):
    ended = start(tmp_path, defect="goast", colour="red")

    assert ended.returncode == 4
    assert "the bank does not start" in ended.stderr
    assert "'goast' is not a defect" in ended.stderr
    assert "colour" in ended.stderr
