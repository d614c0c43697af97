"""Machines elsewhere: load workers as real processes on loopback, each with a clock of its own that may be false."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from aiohttp import web

from drdrill.errors import DrillError
from drdrill.measure import judge
from drdrill.measure.stage import ACCOUNTS, Read, Row, survivors_of
from drdrill.model import mark as names
from drdrill.model.drill import Drill as Plan
from drdrill.model.drill import Objectives, ServiceLevel
from drdrill.model.estate import Session
from drdrill.model.judgement import Finding, Judgement
from drdrill.record.folder import RecordFolder
from drdrill.record.history import close_history, load_history
from drdrill.record.marks import MarkBook
from drdrill.record.survivors import save_survivors
from drdrill.traffic.fleet import Fleet, LoadTerms
from drdrill.waiting import wait_until

from .bank import Bank
from .conftest import OpenDrill

SECRET = "postgresql://reader:of-the-books@db/ledger"
"""What no worker may be told."""

LOST = 5
"""Transfers that the bank forgets, promised a little before the disaster."""

_JOURNAL = {
    "run": [
        {"activity": {"provider": {"type": "python", "module": "bank", "func": "break_it"}}, "status": "succeeded"}
    ],
    "rollbacks": [],
    "steady_states": {"before": None, "after": None, "during": []},
}

FALSIFIED = Path(__file__).with_name("falsified")
MACHINE = Path(__file__).with_name("machine.py")


@dataclass(frozen=True)
class FalseClock:
    """False = true + offset + rate * (true - epoch), and what stands in the file ``jump``, if there is one."""

    offset_ns: int = 0
    ppm: int = 0
    epoch_ns: int = 0
    jump: Path | None = None

    def environment(self) -> dict[str, str]:
        told = {"FALSE_CLOCK": f"{self.offset_ns},{self.ppm},{self.epoch_ns}"}
        return told | ({"FALSE_CLOCK_JUMP": str(self.jump)} if self.jump else {})

    def true_ns(self, false_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The true times of false ones: the same run, as a recorder with a true clock would have recorded it."""
        since = false_ns - self.offset_ns - self.epoch_ns  # (true - epoch) * (1 + rate)
        return np.rint(since / (1 + self.ppm / 1e6)).astype(np.int64) + self.epoch_ns


TRUE = FalseClock()


class Elsewhere:
    """One load worker as somebody on another machine would start it."""

    def __init__(
        self, session: Path, home: Path, clock: FalseClock = TRUE, *words: str, by_command: bool = False
    ) -> None:
        self.home = home
        self.clock = clock
        path = os.pathsep.join([str(FALSIFIED), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._log = home.with_suffix(".log").open("wb")
        command = ["-m", "drdrill.cli", "load-worker", str(session), "--home", str(home)]
        self.process = subprocess.Popen(
            [sys.executable, *(command if by_command else [str(MACHINE), str(session), str(home)]), *words],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | {"PYTHONPATH": path} | clock.environment(),
            start_new_session=True,
        )

    def log(self) -> str:
        return self.home.with_suffix(".log").read_text()

    def locusts(self) -> list[int]:
        """The load generators of this worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children]

    def end(self) -> int:
        """Let it come to its own end; a stopped one is continued, a hanging one killed."""
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._log.close()

    def put_away(self) -> None:
        """Whatever became of it: continue it if it was stopped, and wait until it has ended."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
            self.process.terminate()
        self.end()

    def share(self) -> str:
        """The name of its record."""
        (book,) = (self.home / "operations").glob("*.clock.jsonl")
        return book.name.removesuffix(".clock.jsonl")


class Ledger(Bank):
    """A bank that keeps what it promised."""

    def __init__(self) -> None:
        super().__init__()
        self.promised: dict[int, Row] = {}

    async def _ok(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._ok(request)
        if request.method == "POST":
            told = await request.json()
            self.promised[told["op_id"]] = Row(told["op_id"], told["debit"], told["credit"], told["amount_paise"])
        return answer


class Drill:
    """One drill with a fleet: a bank that breaks at a known time, and evidence that can be judged."""

    def __init__(self, root: Path, bank: Ledger, place: str, workers: int, **traffic: object) -> None:
        opened = OpenDrill(root)
        (root / "survivors").mkdir()
        settings = {
            "rate_per_s": 100 * workers,
            "probe_journeys": (),
            "deadline_s": 1.0,
            "baseline_s": 1.0,
            "accounts": ACCOUNTS,
            "journeys": {"transfer": 1.0},
        }
        opened.begin("127.0.0.1", bank.port, **{**settings, **traffic})
        session = Session.model_validate_json(opened.session_path.read_bytes())
        estate = session.estate.model_copy(update={"ledgers": {"ap-south-1": SECRET}, "lab_dir": "/" + SECRET})
        opened.session_path.write_text(session.model_copy(update={"estate": estate}).model_dump_json())
        plan = Plan.model_validate_json((root / "plan.json").read_bytes())
        level = ServiceLevel(hold_s=0.5)
        objectives = Objectives(rto_s=1.5, rpo_s=1.0, loss_operations=LOST)
        changed = plan.model_copy(update={"service_level": level, "objectives": objectives})
        (root / "plan.json").write_text(changed.model_dump_json())
        (root / "journal.json").write_text(json.dumps(_JOURNAL))
        self.bank = bank
        self.folder = RecordFolder(root)
        self.marks = MarkBook(self.folder.marks)
        self.told: list[str] = []
        self.outage_s = 0.0
        self.place = place
        self.workers = workers
        self.terms = LoadTerms(
            workers=workers, place=place, session=root / "for-workers.json", collect_limit_s=10, lease_s=3
        )
        (root / "experiment.yaml").write_text("{}")

    def fleet(self, **changes: object) -> Fleet:
        terms = LoadTerms(**{**self.terms.__dict__, **changes})
        return Fleet(terms, self.place, self.folder, self.marks, self.told.append)

    @property
    def session(self) -> Path:
        assert self.terms.session is not None
        return self.terms.session

    def run(
        self, clocks: Sequence[FalseClock], *, meanwhile: Callable[[list[Elsewhere]], None], **changes: object
    ) -> list[Elsewhere]:
        """A whole drill: workers with these clocks, one share each; ``meanwhile`` is called when all of them send."""
        machines: list[Elsewhere] = []
        extra = [] if "master" not in changes else ["--master", str(changes["master"])]

        def start() -> None:
            wait_until("the session is there", self.session.exists, limit_s=20)
            for number, clock in enumerate(clocks):
                home = self.folder.root / f"machine-{number}"
                machines.append(Elsewhere(self.session, home, clock, *extra, by_command=number == 0))

        starting = threading.Thread(target=start)
        starting.start()
        try:
            with self.fleet(**changes):
                self.marks.add(names.TRAFFIC_STARTED, "test")
                meanwhile(machines)
                self.marks.add(names.TRAFFIC_STOPPED, "test")
        except DrillError as error:
            raise AssertionError(f"{error}\n" + "\n".join(one.log() for one in machines)) from error
        finally:
            starting.join()
            for one in machines:
                one.put_away()
        return machines

    def disaster(self, *, before_s: float = 1.5, lasts_s: float = 1.0, after_s: float = 2.0) -> None:
        """The bank answers nothing for a while, and forgets what it promised last; notes how long, on the drill's clock."""
        lasting(before_s)
        forgotten = list(self.bank.promised)[-100:][:LOST]
        self.marks.add(names.ACTIVITY_STARTED, "test", activity="bank.break_it")
        self.marks.add(names.FAULT_REQUESTED, "test", fault="region-loss")
        self.bank.manners = "no_promise_503"
        began_ns = self.marks.add(names.FAULT_PROVED, "test", fault="region-loss").at_ns
        self.marks.add(names.ACTIVITY_ENDED, "test", activity="bank.break_it", ok=True)
        lasting(lasts_s)
        self.bank.manners = "ok"
        self.outage_s = (time.monotonic_ns() - began_ns) / 1e9
        lasting(after_s)
        self.marks.add(names.FAULT_HEALED, "test", fault="region-loss")
        for identity in forgotten:
            del self.bank.promised[identity]

    def read_survivors(self) -> None:
        """Everything that the bank still has."""
        rows = list(self.bank.promised.values())
        save_survivors(self.folder.survivors, 1, survivors_of(Read(rows=rows), time.monotonic() + 5))


def lasting(seconds: float) -> None:
    until_ns = time.monotonic_ns() + int(seconds * 1e9)
    wait_until("the time is over", lambda: time.monotonic_ns() >= until_ns, limit_s=seconds + 10, every_s=0.01)


def judged(folder: RecordFolder) -> Judgement:
    """Close a folder, again if it was closed already, and judge it."""
    close_history(folder)
    return judge(load_history(folder))


def finding(judgement: Judgement, identity: str) -> Finding:
    (found,) = [one for one in judgement.findings if one.id == identity]
    return found
