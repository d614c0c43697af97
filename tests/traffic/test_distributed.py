"""Load from other machines: real workers on loopback, each a Locust of its own, with clocks that are false everywhere.

Nothing that is tested can see the true clock of a worker (see ``falsified/``): only what it measures against the drill can help.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

from drdrill.model.drill import Drill as Plan
from drdrill.model.estate import Address
from drdrill.model.judgement import Interval, Judgement, Verdict
from drdrill.model.operation import OPERATION
from drdrill.record.clock_readings import clock_book_of
from drdrill.record.folder import RecordFolder
from drdrill.record.history import load_history
from drdrill.record.operations import HEADER_BYTES, read_operations
from drdrill.traffic.timekeeper import Timekeeper
from drdrill.traffic.worker_session import WorkerSession
from drdrill.waiting import wait_until

from .elsewhere import LOST, TRUE, Drill, Elsewhere, FalseClock, Ledger, finding, judged, lasting

pytestmark = pytest.mark.lab

S = 1_000_000_000
TIMES = ("due_ns", "sent_ns", "done_ns")
STOOD_STILL = ((2.3, signal.SIGSTOP), (2.8, signal.SIGCONT))
"""The bank comes back 2.5 s after the load is there (``Drill.disaster``)."""


@dataclass
class Falsified:
    """One drill whose workers' clocks were false, and which clock each record was made with."""

    folder: RecordFolder
    clocks: dict[str, FalseClock]
    outage_s: float
    judgement: Judgement


@pytest.fixture(scope="module")
def falsified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Falsified]:
    """Locust's own distributed mode, handing over through a shared folder."""
    root, now_ns = tmp_path_factory.mktemp("falsified"), time.monotonic_ns()
    clocks = [
        FalseClock(offset_ns=3 * S),
        FalseClock(offset_ns=200_000_000),
        FalseClock(ppm=500, epoch_ns=now_ns),
        FalseClock(ppm=10_000, epoch_ns=now_ns, offset_ns=-20 * S),
    ]
    with Ledger().open() as bank:
        drill = Drill(root, bank, str(root / "shared"), len(clocks))
        machines = drill.run(
            clocks, meanwhile=lambda _: drill.disaster(), master=Address(host="127.0.0.1", port=free_port())
        )
    drill.read_survivors()
    by_record = {one.share(): one.clock for one in machines}
    yield Falsified(drill.folder, by_record, drill.outage_s, judged(drill.folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def rto(judgement: Judgement) -> Interval:
    (recovery,) = judgement.recoveries
    assert recovery.rta_s is not None
    return recovery.rta_s


def holds(interval: Interval, seconds: float) -> bool:
    return interval.high is not None and interval.low <= seconds <= interval.high


def test_false_clocks_change_no_verdict(falsified: Falsified) -> None:
    judgement = falsified.judgement
    assert {one.id: one.reason for one in judgement.findings if one.verdict is not Verdict.PASS} == {}
    assert holds(rto(judgement), falsified.outage_s)
    assert judgement.loss.lost_operations == Interval(low=LOST, high=LOST)
    assert "changed by at least" in finding(judgement, "clock").reason, "a drift of 1 % is stated"


def test_every_single_time_is_right_to_the_bound(falsified: Falsified) -> None:
    recorders = {one.name: one for one in load_history(falsified.folder).recorders}
    operations = load_history(falsified.folder).operations
    for name, clock in falsified.clocks.items():
        raw, told, *_ = read_operations(falsified.folder.operations / f"{name}.ops")
        mine = operations[operations["op_id"] >> 40 == told.number]
        assert len(mine) == len(raw) > 100
        for time_name in TIMES:
            there = raw[time_name] != 0
            errors = np.abs(mine[time_name][there] - clock.true_ns(raw[time_name][there]))
            assert errors.max() <= recorders[name].clock_bound_ns
        sound = clock.ppm < 1000
        assert recorders[name].clock_bound_ns < (30_000_000 if sound else 60_000_000)


def test_the_same_run_with_true_clocks_gives_the_same_figures(falsified: Falsified, tmp_path: Path) -> None:
    true = with_records(falsified, tmp_path, lambda clock, times: clock.true_ns(times))
    judgement = judged(true)
    bound_s = max(one.clock_bound_ns for one in load_history(falsified.folder).recorders) / 1e9
    for one, other in ((rto(judgement), rto(falsified.judgement)), ages(judgement, falsified.judgement)):
        assert one.high is not None
        assert other.high is not None
        assert one.low - 3 * bound_s <= other.low <= one.low + 1e-6
        assert one.high - 1e-6 <= other.high <= one.high + 3 * bound_s
    assert judgement.loss.lost_operations == falsified.judgement.loss.lost_operations
    assert verdicts(judgement) == {k: v for k, v in verdicts(falsified.judgement).items() if k != "clock"}


def ages(one: Judgement, other: Judgement) -> tuple[Interval, Interval]:
    assert one.loss.oldest_lost_age_s is not None
    assert other.loss.oldest_lost_age_s is not None
    return one.loss.oldest_lost_age_s, other.loss.oldest_lost_age_s


def verdicts(judgement: Judgement) -> dict[str, Verdict]:
    return {one.id: one.verdict for one in judgement.findings}


def test_without_correction_the_same_run_would_be_judged_wrongly_and_is_caught(
    falsified: Falsified, tmp_path: Path
) -> None:
    """The planted defect: workers that pass their clocks off as the drill's. The figures are wrong, and nothing passes."""
    judgement = judged(with_records(falsified, tmp_path, lambda _clock, times: times))
    assert [one for one in judgement.recoveries if one.rta_s and holds(one.rta_s, falsified.outage_s)] == []
    assert judgement.verdict is not Verdict.PASS
    clock = finding(judgement, "clock")
    assert clock.verdict is Verdict.UNKNOWN
    assert "before it was given its number" in clock.reason


def test_a_clock_that_was_never_measured_is_no_clock(falsified: Falsified, tmp_path: Path) -> None:
    """The planted defect: the readings are gone. Its operations are left out, its payments are no strangers, nothing passes."""
    folder = RecordFolder(Path(shutil.copytree(falsified.folder.root, tmp_path / "copy")))
    record = folder.operations / f"{next(iter(falsified.clocks))}.ops"
    clock_book_of(record).unlink()
    judgement = judged(folder)
    assert judgement.verdict is Verdict.UNKNOWN
    assert "was never measured against the drill's" in finding(judgement, "record").reason
    assert finding(judgement, "stranger").verdict is Verdict.UNKNOWN
    assert judgement.loss.classes["stranger"].operations == 0
    assert judgement.loss.classes["unrecorded"].operations > 100
    assert {one.verdict for one in judgement.findings if one.id in ("rto.transfer", "rpo", "loss")} == {Verdict.UNKNOWN}


def with_records(falsified: Falsified, root: Path, changed: object) -> RecordFolder:
    """The same evidence, its workers on the drill's clock by their own account, with times that ``changed`` gives them."""
    folder = RecordFolder(Path(shutil.copytree(falsified.folder.root, root / "copy")))
    for name, clock in falsified.clocks.items():
        path = folder.operations / f"{name}.ops"
        clock_book_of(path).unlink()
        content = bytearray(path.read_bytes())
        slots = np.frombuffer(content, dtype=OPERATION, offset=HEADER_BYTES)
        for time_name in TIMES:
            there = slots[time_name] != 0
            slots[time_name][there] = changed(clock, slots[time_name][there])  # type: ignore[operator]
        (length,) = struct.unpack_from("<I", content, 12)
        header = json.loads(content[32 : 32 + length]) | {"clock_bound_ns": 0}
        content[32 : 32 + length] = json.dumps(header, sort_keys=True).encode().ljust(length)
        path.write_bytes(content)
    return folder


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 bucket, by the API that the lab's is made of."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "of-the-lab",
        "AWS_SECRET_ACCESS_KEY": "of-the-lab",
        "AWS_DEFAULT_REGION": "ap-south-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    yield "s3://records/drills"
    server.stop()


def test_lost_workers_and_late_files_are_stated_and_never_acquit(tmp_path: Path, bucket: str) -> None:
    """Of four workers on their own, handing over through S3: one is well, one loses its Locust, one dies, one is late."""
    with Ledger().open() as bank:
        drill = Drill(tmp_path, bank, bucket, 4)
        fate: dict[str, str] = {}

        def meanwhile(machines: list[Elsewhere]) -> None:
            drill.disaster(before_s=1.0, lasts_s=0.5, after_s=0.2)
            well, without_locust, dead, late = machines
            assert drill.session.stat().st_mode & 0o777 == 0o600
            for path in (drill.session, well.home / "session.json", well.home / "plan.json"):
                assert "of-the-books" not in path.read_text(), "a worker is told what traffic needs, and no more"
            fate.update(well=well.share(), without_locust=without_locust.share(), dead=dead.share(), late=late.share())
            (locust,) = without_locust.locusts()
            os.kill(locust, signal.SIGKILL)
            dead.process.kill()
            late.process.send_signal(signal.SIGSTOP)

        drill.run([TRUE] * 4, meanwhile=meanwhile, collect_limit_s=2.0)
    assert not drill.session.exists(), "the token is gone with the drill"
    drill.read_survivors()
    there = {path.stem for path in drill.folder.operations.glob("*.ops")}
    assert there == {fate["well"], fate["without_locust"]}
    keys = {found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket="records")["Contents"]}
    assert f"drills/drill-1/{fate['late']}.receipt.json" in keys, "it did come, and too late"
    assert not [key for key in keys if fate["well"] in key], "what was taken is gone from the bucket"
    judgement = judged(drill.folder)
    record = finding(judgement, "record")
    for name in (fate["dead"], fate["late"]):
        assert (
            f"recorder number {2 + int(name[-1])} is missing: its record was not handed over within 2 s"
            in record.reason
        )
    assert f"recorder {fate['without_locust']} did not close its record" in record.reason
    found = verdicts(judgement)
    assert judgement.verdict is Verdict.UNKNOWN
    assert {found[one] for one in ("rto.transfer", "rpo", "loss", "stranger", "split-brain")} == {Verdict.UNKNOWN}
    assert judgement.loss.classes["stranger"].operations == 0
    assert judgement.loss.classes["unrecorded"].operations > 100
    assert sum("judged without" in sentence for sentence in drill.told) == 2


def test_a_worker_that_hears_the_drill_no_more_stops_by_itself_and_hands_over(tmp_path: Path) -> None:
    """The network between them is gone, or the drill is: nobody goes on sending to the bank."""
    shared = tmp_path / "shared"
    with Ledger().open() as bank:
        drill = Drill(tmp_path, bank, str(shared), 1)
        with Timekeeper(1, "a token", Address(host="127.0.0.1", port=0)) as keeper:
            told = WorkerSession(
                drill=Plan.model_validate_json(drill.folder.plan.read_bytes()),
                dns=None,
                workers=1,
                keeper=keeper.address,
                token="a token",
                place=str(shared),
                lease_s=1.0,
            )
            (tmp_path / "for-workers.json").write_text(told.model_dump_json())
            worker = Elsewhere(tmp_path / "for-workers.json", tmp_path / "machine")
            wait_until("it sends", lambda: keeper.shares()[0].state == "sending", limit_s=30, seen=worker.log)
        assert worker.end() == 0, worker.log()
        requests = bank.requests
        lasting(0.3)
        assert bank.requests == requests, "nothing is sent any more"
    assert "the drill was not heard for 1 s" in worker.log()
    assert (shared / "drill-1" / "locust-0.receipt.json").is_file()
    operations, recorder, *_ = read_operations(shared / "drill-1" / "locust-0.ops")
    assert recorder.closed
    assert len(operations) > 10


def test_a_load_generator_that_stood_still_at_the_edge_is_named_in_the_verdict(tmp_path: Path) -> None:
    """The planted defect: its Locust is stopped for half a second while the bank comes back. The interval is widened, and holds the truth."""
    with Ledger().open() as bank:
        drill = Drill(tmp_path, bank, str(tmp_path / "shared"), 1)

        def meanwhile(machines: list[Elsewhere]) -> None:
            (locust,) = machines[0].locusts()
            timers = [threading.Timer(at_s, os.kill, (locust, what)) for at_s, what in STOOD_STILL]
            for timer in timers:
                timer.start()
            drill.disaster()
            for timer in timers:
                timer.join()

        drill.run([TRUE], meanwhile=meanwhile)
    drill.read_survivors()
    judgement = judged(drill.folder)
    assert "because the recorders themselves sent late" in finding(judgement, "rto.transfer").reason
    assert judgement.schedule_lag_p99_ms is not None
    assert judgement.schedule_lag_p99_ms > 100
    assert holds(rto(judgement), drill.outage_s)
    assert (rto(judgement).high or 0) > drill.outage_s + 0.2


@pytest.mark.prove
@pytest.mark.parametrize("offset_s", [3, -3])
def test_the_same_in_processes_without_a_master(tmp_path: Path, offset_s: int) -> None:
    """Two shares on one falsified machine, one on a true one; nobody but the drill starts or stops them."""
    clocks = [FalseClock(offset_ns=offset_s * S), TRUE, FalseClock(ppm=-10_000, epoch_ns=time.monotonic_ns())]
    with Ledger().open() as bank:
        drill = Drill(tmp_path, bank, str(tmp_path / "shared"), len(clocks))
        drill.run(clocks, meanwhile=lambda _: drill.disaster())
    drill.read_survivors()
    judgement = judged(drill.folder)
    assert {one.id: one.reason for one in judgement.findings if one.verdict is not Verdict.PASS} == {}
    assert holds(rto(judgement), drill.outage_s)
    assert judgement.loss.lost_operations == Interval(low=LOST, high=LOST)


@pytest.mark.prove
def test_a_machine_that_stood_still_is_stated(tmp_path: Path) -> None:
    """Its clock jumps by 2 s while it sends: every interval holds the truth, and the clock itself is unknown."""
    jump = tmp_path / "jump"
    jump.write_bytes(bytes(8))
    with Ledger().open() as bank:
        drill = Drill(tmp_path, bank, str(tmp_path / "shared"), 2)

        def meanwhile(_: list[Elsewhere]) -> None:
            drill.disaster(after_s=2.0)
            with jump.open("r+b") as file:
                file.write(struct.pack("<q", 2 * S))
            lasting(1.5)

        drill.run([TRUE, FalseClock(offset_ns=S, jump=jump)], meanwhile=meanwhile)
    drill.read_survivors()
    judgement = judged(drill.folder)
    clock = finding(judgement, "clock")
    assert clock.verdict is Verdict.UNKNOWN
    assert "jumped by 2.0" in clock.reason
    assert holds(rto(judgement), drill.outage_s)
    assert judgement.verdict is Verdict.UNKNOWN
