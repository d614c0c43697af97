"""The life of one calibration: benches side by side, labs one after another, everything judged, the result kept."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drdrill.calibration.assessment import SHARE_CONTAINING, assess_losses, assess_outages, gravest
from drdrill.calibration.kinds import LOSSES, NAMES, OUTAGES, PROBE_SPACING_S, OutageKind
from drdrill.calibration.loss_bench import lose_what_is_known
from drdrill.calibration.loss_trials import judge_loss, unmade_loss
from drdrill.calibration.outage_bench import run_bench
from drdrill.calibration.outage_trials import Instrument, judge_bench, sound
from drdrill.errors import Aborted, BadInput, EstateError, Unprovable
from drdrill.interruption import interruptible
from drdrill.machine import software_versions, this_machine
from drdrill.model.calibration import Calibration, KindResult, Trial
from drdrill.record.calibrations import begin_calibration

LANES = 4
"""Benches at a time: each is a bank and a prober that together take a few percent of one processor."""

LOSS_TASK = "losses"
SOFTWARE = ("drdrill", "numpy", "psycopg", "locust", "aiohttp")


class Watcher:
    """Whoever is told how far the calibration is; this one does not care."""

    def tell(self, sentence: str) -> None:
        """One line of progress."""

    def begin(self, task: str, total: int) -> None:
        """A task with so many repetitions is to be done."""

    def advance(self, task: str) -> None:
        """One repetition of a task is done."""


@dataclass(frozen=True)
class Wanted:
    """What is to be calibrated: how often, which kinds (empty: all), where it is kept, and the seed of every draw."""

    repetitions: int
    reports: Path
    only: tuple[str, ...] = ()
    seed: int = 1
    instrument: Instrument = sound

    def refuse_nonsense(self) -> None:
        """Raise ``BadInput`` with every reason for which nothing can be calibrated."""
        unknown = [name for name in self.only if name not in NAMES]
        problems = [f"there is no kind {name!r}; there are {', '.join(NAMES)}" for name in unknown]
        if self.repetitions < 1:
            problems.append(f"{self.repetitions} repetitions are none")
        if problems:
            raise BadInput("nothing was calibrated", problems)


def calibrate(wanted: Wanted, watcher: Watcher) -> tuple[Path, Calibration]:
    """Inject what is wanted, judge it, and keep the result; returns the calibration's folder and the calibration.

    Raises ``BadInput`` for a kind that does not exist, ``DrillError`` when a bank, a prober or a lab cannot be had, ``Aborted`` when
    interrupted: then nothing is kept as a result.
    """
    wanted.refuse_nonsense()
    began, began_ns = datetime.now(tz=UTC), time.monotonic_ns()
    identity = f"{began.strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(2)}"
    folder = begin_calibration(wanted.reports, identity)
    with interruptible(watcher.tell):
        kinds = _Run(wanted, folder, watcher).results()
    calibration = Calibration(
        calibration_id=identity,
        began=began.isoformat(timespec="seconds"),
        took_s=round((time.monotonic_ns() - began_ns) / 1e9, 1),
        repetitions=wanted.repetitions,
        seed=wanted.seed,
        probe_spacing_s=PROBE_SPACING_S,
        share_containing=SHARE_CONTAINING,
        software=software_versions(SOFTWARE),
        machine=this_machine(),
        verdict=gravest(kind.verdict for kind in kinds),
        kinds=kinds,
    )
    return folder, calibration


class _Run:
    def __init__(self, wanted: Wanted, folder: Path, watcher: Watcher) -> None:
        self._wanted = wanted
        self._folder = folder
        self._watcher = watcher
        self._stop = threading.Event()
        chosen = wanted.only or NAMES
        self._outages = [kind for kind in OUTAGES if kind.name in chosen]
        self._losses = [kind for kind in LOSSES if kind.name in chosen]

    def results(self) -> tuple[KindResult, ...]:
        for kind in self._outages:
            self._watcher.begin(kind.name, self._wanted.repetitions)
        if self._losses:
            self._watcher.begin(LOSS_TASK, self._wanted.repetitions)
        with ThreadPoolExecutor(LANES) as lanes, ThreadPoolExecutor(1) as labs:
            outages = [lanes.submit(self._outage, kind) for kind in self._outages]
            losses = labs.submit(self._all_losses) if self._losses else None
            self._wait([*outages, *([losses] if losses else [])])
        trials = losses.result() if losses else {}
        return (
            *(future.result() for future in outages),
            *(assess_losses(kind, [one[kind.name] for one in trials]) for kind in self._losses),
        )

    def _wait(self, futures: Sequence[Future[Any]]) -> None:
        """Until all are done, one has failed, or somebody interrupts; then the others end at their next step."""
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            self._stop.set() if not all(future.done() for future in futures) else None

    def _step(self, task: str) -> Callable[[], None]:
        def done() -> None:
            self._watcher.advance(task)
            self.go_on()

        return done

    def go_on(self) -> None:
        if self._stop.is_set():
            raise Aborted("the calibration was aborted; nothing of it is kept as a result")

    def _outage(self, kind: OutageKind) -> KindResult:
        self.go_on()
        home = self._folder / "evidence" / kind.name
        home.mkdir(parents=True, mode=0o700)
        run = run_bench(kind, home, self._wanted.repetitions, self._wanted.seed, self._step(kind.name))
        trials = judge_bench(run, self._folder, self._wanted.instrument)
        result = assess_outages(kind, trials, PROBE_SPACING_S)
        self._watcher.tell(f"{kind.name}: {result.verdict.value}, {result.reason}")
        return result

    def _all_losses(self) -> list[dict[str, Trial]]:
        home = self._folder / "evidence" / LOSS_TASK
        home.mkdir(parents=True, mode=0o700)
        found = []
        for number in range(1, self._wanted.repetitions + 1):
            self.go_on()
            found.append(self._loss(number, home))
            self._watcher.advance(LOSS_TASK)
        return found

    def _loss(self, number: int, home: Path) -> dict[str, Trial]:
        """One repetition; a lab that could not do what was asked of it says nothing about the instrument."""
        try:
            known = lose_what_is_known(number, home, self._wanted.seed, self._watcher.tell)
        except (EstateError, Unprovable) as error:
            self._watcher.tell(str(error))
            return unmade_loss(number, self._wanted.seed, error)
        return judge_loss(known, number, self._folder, self._wanted.instrument)
