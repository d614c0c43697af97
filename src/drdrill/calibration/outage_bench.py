"""One reference bank and one prober: outages of known length, one after another, in one run of traffic.

1 the bank serves, the prober probes  2 for each repetition: request, switch, proof; wait; switch back; hold; healed
3 the prober stops, its record is closed  4 the books are read. Each outage is then a history of its own (``outage_trials``).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drdrill.calibration.bank_process import BankProcess, own_address
from drdrill.calibration.kinds import PROBE_SPACING_S, OutageKind
from drdrill.calibration.manner import BankConfig, Manner, Stall, Switched
from drdrill.calibration.plan import outage_plan
from drdrill.errors import EstateError
from drdrill.model.drill import Drill
from drdrill.model.estate import Estate, Session
from drdrill.model.survivors import Survivors
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.traffic.prober_process import Prober
from drdrill.waiting import wait_until

BASELINE_S = 1.2
_MARGIN_S = 0.25


@dataclass(frozen=True)
class Injected:
    """One outage as it was made: the drill's own marks around it, and the stamps of who made it."""

    requested_ns: int
    began: Switched
    proved_ns: int
    ended: Switched
    healed_ns: int


@dataclass(frozen=True)
class BenchRun:
    """Everything one bench left: its outages, its record, its books, and when the bank itself was not run."""

    kind: OutageKind
    plan: Drill
    folder: RecordFolder
    injected: tuple[Injected, ...]
    survivors: Survivors
    stalls: tuple[Stall, ...]


def run_bench(kind: OutageKind, folder: Path, repetitions: int, seed: int, done: Callable[[], None]) -> BenchRun:
    """Make ``repetitions`` outages of one kind; ``done`` is called after each. Raises ``EstateError`` when a process dies."""
    draw = random.Random(f"{seed}/{kind.name}")
    address = own_address(draw.randrange(1 << 30))
    plan = outage_plan(kind, address, seed)
    record = RecordFolder.create(folder, "run")
    write_durably(record.plan, (plan.model_dump_json(indent=1) + "\n").encode())
    config = BankConfig(
        host=address.host, port=address.port, parent=os.getpid(), backlog=kind.backlog, seed=draw.randrange(1 << 30)
    )
    with BankProcess(config, record.logs / "bank.log") as bank:
        with _probing(plan, record) as prober:
            _wait(BASELINE_S, prober)
            injected = tuple(_outages(kind, bank, prober, draw, repetitions, done))
        stopped_ns = time.monotonic_ns()
        survivors, stalls = bank.books(record.survivors, stopped_ns, stopped_ns)
    return BenchRun(kind, plan, record, injected, survivors, stalls)


@contextmanager
def _probing(plan: Drill, record: RecordFolder) -> Iterator[Prober]:
    estate = Estate(target=plan.target, aws_endpoints={}, dns=None, ledgers={}, front_doors={})
    session = Session(
        drill_id=plan.drill_id,
        evidence_dir=str(record.root),
        disaster=plan.disaster,
        estate=estate,
        plan_path=str(record.plan),
    )
    write_durably(record.session, session.model_dump_json().encode())
    try:
        with Prober(record.session, record.logs) as prober:
            yield prober
    finally:
        record.session.unlink(missing_ok=True)


def _outages(
    kind: OutageKind,
    bank: BankProcess,
    prober: Prober,
    draw: random.Random,
    repetitions: int,
    done: Callable[[], None],
) -> Iterator[Injected]:
    hold_s = kind.level.window_s + kind.level.hold_s + _MARGIN_S
    for _ in range(repetitions):
        length_s = draw.uniform(*kind.lengths_s)
        _wait(draw.uniform(0, 3 * PROBE_SPACING_S), prober)  # no outage keeps step with the probes
        requested_ns = time.monotonic_ns()
        began = bank.freeze() if kind.injection == "stop" else bank.switch(Manner(kind.injection))
        proved_ns = time.monotonic_ns()
        _wait(length_s, prober)
        ended = bank.thaw() if kind.injection == "stop" else bank.switch(Manner.WELL)
        _wait(hold_s, prober)
        yield Injected(requested_ns, began, proved_ns, ended, time.monotonic_ns())
        done()


def _wait(seconds: float, prober: Prober) -> None:
    until_ns = time.monotonic_ns() + round(seconds * 1e9)

    def over() -> bool:
        if not prober.alive:
            raise EstateError(f"nothing was calibrated: the prober died; it said: {prober.last_words()}")
        return time.monotonic_ns() >= until_ns

    wait_until(f"{seconds:.2f} s have passed", over, limit_s=seconds + 30, every_s=0.004)
