"""A drill without the performer: an open lab, a session, a plan, and something that writes operations. For tests alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from drdrill.aws.front_door import Answer, ask_front_door
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Session
from drdrill.model.operation import Failure, Kind, Outcome
from drdrill.plan import read_plan
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.operations import OperationRecorder

ROOT = Path(__file__).parents[2]


class Readers:
    """Reads by name through the front door, each journey in turn, recorded before they are sent; closed-loop, so no load."""

    def __init__(self, session: Session, folder: RecordFolder, journeys: tuple[str, ...]) -> None:
        self._session = session
        self._recorder = OperationRecorder.create(
            folder.operations / "readers.ops", 1, "readers", journeys, ("none", "ap-south-1", "ap-south-2")
        )
        self._journeys = len(journeys)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._recorder.close()

    def _read(self) -> None:
        number = 0
        while not self._stopping.wait(0.02):
            now_ns = time.monotonic_ns()
            op = self._recorder.invoke(number % self._journeys, Kind.READ, 0, 1, -1, now_ns, now_ns)
            answer = ask_front_door(self._session.estate, "/accounts/1/balance", limit_s=0.5)
            good = isinstance(answer, Answer) and answer.status == 200
            outcome = Outcome.ACKED if good else Outcome.UNKNOWN
            status = answer.status if isinstance(answer, Answer) else 0
            failure = Failure.NONE if good else Failure.TIMED_OUT
            self._recorder.complete(op, outcome, time.monotonic_ns(), status, failure, 0, -1)
            number += 1


@contextmanager
def open_bare_drill(parent: Path, experiment: Path) -> Iterator[tuple[Session, RecordFolder, Lab]]:
    """An open session on a lab of its own, with readers at its front door."""
    drill = read_plan(experiment, ROOT / "targets" / "lab.toml")
    folder = RecordFolder.create(parent, drill.drill_id)
    write_durably(folder.plan, drill.model_dump_json().encode())
    with Lab.open(drill.target, folder.logs, settings=LabSettings(workers_per_region=2)) as lab:
        session = Session(
            drill_id=drill.drill_id,
            evidence_dir=str(folder.root),
            disaster=drill.disaster,
            estate=lab.estate,
            plan_path=str(folder.plan),
        )
        write_durably(folder.session, session.model_dump_json().encode())
        with Readers(session, folder, tuple(drill.traffic.journeys)):
            yield session, folder, lab


def start_executor(experiment: Path, folder: RecordFolder) -> subprocess.Popen[bytes]:
    """The executor on this drill, as the performer would start it."""
    words = [sys.executable, "-m", "drdrill.chaos.executor", str(experiment), str(folder.journal)]
    with (folder.logs / "performer.log").open("ab") as log:
        environment = os.environ | {"DRDRILL_SESSION": str(folder.session)}
        return subprocess.Popen(words, stdout=log, stderr=log, env=environment, start_new_session=True)
