"""Every recording process is killed at a random moment, while it writes to a real bank: its record holds all that the bank holds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.lab.bank.conftest import Bank, start_bank, stop
from tests.survivors.postgres import ACCOUNTS, open_books, open_server
from tests.traffic.conftest import OpenDrill

from drdrill.measure import judge
from drdrill.model.history import History
from drdrill.model.judgement import Judgement, Verdict
from drdrill.model.operation import Kind, Outcome, State
from drdrill.record.folder import RecordFolder
from drdrill.record.history import close_history, load_history
from drdrill.record.marks import MarkBook
from drdrill.record.operations import HEADER_BYTES, SLOT_BYTES, first_sent
from drdrill.record.survivors import SurvivorsFile
from drdrill.survivors.postgresql import PostgresReader
from drdrill.survivors.reader import Quiet
from drdrill.survivors.stable import read_stably
from drdrill.traffic.load import LoadGenerator
from drdrill.traffic.prober_process import Prober
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

TRANSFERS = (
    "import sys; from pathlib import Path; from drdrill.model.estate import Session;"
    "from drdrill.traffic.transfers import send_transfers;"
    "send_transfers(Session.model_validate_json(Path(sys.argv[1]).read_bytes()), 1 << 30, 90)"
)
AFTER_FIRST_S = 0.4
"""A process is killed at most so long after its first operation."""

DEADLINE_S = 0.5
"""What a dead client left in the sockets may still be executed for a while; the books are read when no client would wait any more."""

NEVER = ("lost", "ghost", "stranger", "unrecorded")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with open_server(5472) as server:
        open_books(server)
        bank = start_bank(server, tmp_path_factory.mktemp("bank"), "none", 1, 9190)
        try:
            yield bank
        finally:
            stop(bank.process)


@contextmanager
def prober(drill: OpenDrill) -> Iterator[int]:
    with Prober(drill.session_path, drill.logs) as process:
        assert process.pid is not None
        yield process.pid


@contextmanager
def load(drill: OpenDrill) -> Iterator[int]:
    with LoadGenerator(drill.session_path, drill.logs) as process:
        assert process.pid is not None
        yield process.pid


@contextmanager
def transfers(drill: OpenDrill) -> Iterator[int]:
    words = [sys.executable, "-c", TRANSFERS, str(drill.session_path)]
    with (drill.logs / "transfers.log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        path = drill.record("transfers-90")
        wait_until("a transfer is on record", lambda: first_sent(path), limit_s=30, every_s=0.005)
        yield process.pid


RECORDING: dict[str, Callable[[OpenDrill], AbstractContextManager[int]]] = {
    "prober": prober,
    "locust": load,
    "transfers": transfers,
}


@dataclass
class Kills:
    """What a hundred deaths left."""

    counts: Counter[str]

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {what}" for what, count in sorted(self.counts.items()))


def kill_one(bank: Bank, root: Path, what: str, after_s: float, kills: Kills) -> None:
    forget(bank)
    root.mkdir()
    drill = OpenDrill(root)
    host, _, port = bank.addresses[0].rpartition(":")
    drill.begin(host, int(port), rate_per_s=400, probe_spacing_s=0.003, accounts=ACCOUNTS, deadline_s=DEADLINE_S)
    with RECORDING[what](drill) as pid:
        # Not a wait for something to happen: the moment of death must not depend on anything.
        with pytest.raises(psutil.TimeoutExpired):
            psutil.Process(pid).wait(after_s)
        os.kill(pid, signal.SIGKILL)
    check(bank, root, what, kills)


def forget(bank: Bank) -> None:
    bank.server.ask("TRUNCATE entries, transfers")
    bank.server.ask("UPDATE accounts SET balance_paise = opening_paise, seq = 0")


def closed_and_judged(bank: Bank, root: Path) -> tuple[History, Judgement]:
    """Read the books back, close the record, and judge it, as a drill does."""
    folder = RecordFolder(root)
    folder.survivors.mkdir()
    died_ns = time.monotonic_ns()
    quiet = Quiet(died_ns, died_ns + int(DEADLINE_S * 1e9))
    reader = PostgresReader.open(bank.server.dsn(user="auditor"), "ap-south-1")
    with reader as books, SurvivorsFile(folder.survivors, 1, "drill-1") as file:
        file.finish(read_stably(books, file, authoritative=True, quiet=quiet, tell=[].append))
    MarkBook(folder.marks, now_ns=lambda: 1).add("drill.started", "test")
    (root / "journal.json").write_text(
        json.dumps({"run": [], "rollbacks": [], "steady_states": {"before": None, "after": None, "during": []}})
    )
    close_history(folder)
    history = load_history(folder)
    judgement = judge(history)
    assert judgement.loss.valid, judgement.loss.invalid_because
    return history, judgement


def classes_of(judgement: Judgement) -> dict[str, int]:
    return {name: count.operations for name, count in judgement.loss.classes.items()}


def check(bank: Bank, root: Path, what: str, kills: Kills) -> None:
    history, judgement = closed_and_judged(bank, root)
    operations, classes = history.operations[:], classes_of(judgement)
    assert {name: classes[name] for name in NEVER} == dict.fromkeys(NEVER, 0), (what, classes)

    # The same by another hand: what SQL finds in the books, and what stands in the slots.
    found = {op_id for (op_id,) in bank.server.ask("SELECT DISTINCT op_id FROM entries")}
    writes = operations[operations["kind"] == Kind.WRITE]
    acked = writes[(writes["state"] == State.COMPLETED) & (writes["outcome"] == Outcome.ACKED)]
    in_flight = writes[writes["state"] == State.INVOKED]
    assert found <= set(writes["op_id"].tolist()), "the bank holds what no slot has"
    assert set(acked["op_id"].tolist()) <= found
    assert classes["kept"] == len(acked)
    assert classes["in doubt"] == len(set(in_flight["op_id"].tolist()) - found)

    (recorder,) = history.recorders
    assert (recorder.closed, recorder.torn, recorder.unusable) == (False, 0, "")
    (told,) = (finding for finding in judgement.findings if finding.id == "record")
    assert (told.verdict, judgement.verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert f"recorder {recorder.name} did not close its record" in told.reason
    assert all("half" in problem for problem in history.problems), history.problems
    kills.counts.update(
        {
            f"kills of {what}": 1,
            "operations on record": len(operations),
            "payments in the books": len(found),
            "acked": len(acked),
            "in flight": len(in_flight),
            "of them executed": len(set(in_flight["op_id"].tolist()) & found),
            "half entries": len(history.problems),
        }
    )


def kill_many(bank: Bank, root: Path, how_many: int, seed: int) -> Kills:
    draw, kills = random.Random(seed), Kills(Counter())
    for number in range(how_many):
        what = sorted(RECORDING)[number % len(RECORDING)]
        kill_one(bank, root / str(number), what, draw.uniform(0.001, AFTER_FIRST_S), kills)
    print(kills)  # noqa: T201 (the counts are what the long form is for)
    return kills


def test_whoever_is_killed_leaves_a_record_of_all_that_the_bank_holds(bank: Bank, tmp_path: Path) -> None:
    """Two deaths of each recording process."""
    kills = kill_many(bank, tmp_path, 6, seed=int.from_bytes(os.urandom(4)))
    assert kills.counts["payments in the books"] > 0


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_a_hundred_kills(bank: Bank, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The long form of the same; the counts are printed."""
    with capsys.disabled():
        kills = kill_many(bank, tmp_path, 100, seed=1)
    assert sum(count for what, count in kills.counts.items() if what.startswith("kills")) == 100
    assert kills.counts["in flight"] > 0, "nobody was killed in the middle of anything"


def test_a_record_that_lost_its_tail_is_told_and_the_bank_is_not_blamed(bank: Bank, tmp_path: Path) -> None:
    """Planted, to see that the check can convict: power failed, and the newest operations never came to the disk."""
    forget(bank)
    drill = OpenDrill(tmp_path)
    host, _, port = bank.addresses[0].rpartition(":")
    drill.begin(host, int(port), accounts=ACCOUNTS, deadline_s=DEADLINE_S)
    with transfers(drill) as pid:
        wait_until("thirty are booked", lambda: len(bank.found()) > 30, limit_s=20)
        os.kill(pid, signal.SIGKILL)
    os.truncate(drill.record("transfers-90"), HEADER_BYTES + 10 * SLOT_BYTES)
    _, judgement = closed_and_judged(bank, tmp_path)
    classes = classes_of(judgement)
    assert (classes["stranger"], classes["lost"]) == (0, 0)
    assert classes["unrecorded"] >= len(bank.found()) - 10 > 0
    assert judgement.verdict is Verdict.UNKNOWN
