"""From the run of a bench to its repetitions: each outage is closed, loaded and judged as the history of a drill of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drdrill.calibration.expected_width import expected_width_s
from drdrill.calibration.kinds import PROBE_SPACING_S
from drdrill.calibration.manner import Stall
from drdrill.calibration.outage_bench import BenchRun, Injected
from drdrill.measure import judge
from drdrill.measure.figures import interval_s
from drdrill.model import mark as names
from drdrill.model.calibration import Trial
from drdrill.model.history import History
from drdrill.model.judgement import Interval
from drdrill.model.mark import Mark
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import close_history, history_digest, load_history
from drdrill.record.survivors import save_survivors

Instrument = Callable[[History], History]
"""What stands between the record and the judge: nothing, or a defect that is planted to see the calibration convict it."""

_SOURCE = "calibration"
KNOWN_TO_S = 0.5 * PROBE_SPACING_S
"""Where the truth itself is less well known than this, the machine was too slow to say it."""


def sound(history: History) -> History:
    """The instrument as it is."""
    return history


def judge_bench(run: BenchRun, root: Path, instrument: Instrument = sound) -> tuple[Trial, ...]:
    """Close and judge every outage of a bench; folders are named relative to ``root``."""
    save_survivors(run.folder.survivors, 1, run.survivors)
    return tuple(_trial(run, number, injected, root, instrument) for number, injected in enumerate(run.injected, 1))


def rejudge(run: BenchRun, root: Path, instrument: Instrument) -> tuple[Trial, ...]:
    """The repetitions of a bench that was judged before, seen through another instrument."""
    parent = run.folder.root.parent
    return tuple(
        _judged(run, number, injected, RecordFolder(parent / f"{number:03d}"), root, instrument)
        for number, injected in enumerate(run.injected, 1)
    )


def _trial(run: BenchRun, number: int, injected: Injected, root: Path, instrument: Instrument) -> Trial:
    folder = RecordFolder.create(run.folder.root.parent, f"{number:03d}")
    write_durably(folder.plan, run.folder.plan.read_bytes())
    _share(run.folder.operations, folder.operations)
    _share(run.folder.survivors, folder.survivors)
    write_durably(folder.marks, b"".join(mark.model_dump_json().encode() + b"\n" for mark in _marks(injected)))
    close_history(folder)
    return _judged(run, number, injected, folder, root, instrument)


def _share(source: Path, destination: Path) -> None:
    """The same files under another name: all repetitions have one record, and each history digests it."""
    for path in sorted(source.iterdir()):
        if path.suffix != ".npy":
            os.link(path, destination / path.name)


def _marks(injected: Injected) -> list[Mark]:
    moments = (
        (names.FAULT_REQUESTED, injected.requested_ns),
        (names.FAULT_PROVED, injected.proved_ns),
        (names.FAULT_HEALED, injected.healed_ns),
    )
    return [Mark(name=name, at_ns=at_ns, source=_SOURCE, detail={"fault": _SOURCE}) for name, at_ns in moments]


def _judged(
    run: BenchRun, number: int, injected: Injected, folder: RecordFolder, root: Path, instrument: Instrument
) -> Trial:
    history = load_history(folder)
    (recovery,) = judge(instrument(history)).recoveries
    stalls = _stalls(run, injected)
    truth = _truth(run, injected)
    assert truth.high is not None
    length_s = (truth.low + truth.high) / 2
    return Trial(
        number=number,
        truth=truth,
        observed=recovery.rta_s if recovery.state == "restored" else None,
        state=recovery.state,
        disturbed=_disturbed(injected, history, stalls, truth),
        expected_width=round(expected_width_s(run.kind, length_s, PROBE_SPACING_S), 6),
        evidence=str(folder.root.relative_to(root)),
        digest=str(history_digest(folder)),
    )


def _truth(run: BenchRun, injected: Injected) -> Interval:
    """How long the outage truly was: from the stamps of who switched it. A stopped bank is back when it first runs again."""
    began, ended = injected.began, injected.ended
    back_ns = max([ended.after_ns, *(stall.ended_ns for stall in _of_the_stop(run, injected)[:1])])
    return interval_s(ended.before_ns - began.after_ns, back_ns - began.before_ns)


def _of_the_stop(run: BenchRun, injected: Injected) -> list[Stall]:
    """Where the outage is a stop: the stall that it is, and those that follow at once, while the bank answers what waited."""
    found: list[Stall] = []
    for stall in run.stalls if run.kind.injection == "stop" else ():
        is_it = stall.began_ns <= injected.began.after_ns <= stall.ended_ns
        if is_it or (found and stall.began_ns == found[-1].ended_ns):
            found.append(stall)
    return found


def _stalls(run: BenchRun, injected: Injected) -> list[Stall]:
    """The times in the watch when the bank was held up by the machine, and not by us."""
    ours = _of_the_stop(run, injected)
    return [
        stall
        for stall in run.stalls
        if stall.ended_ns > injected.requested_ns and stall.began_ns < injected.healed_ns and stall not in ours
    ]


def _disturbed(injected: Injected, history: History, stalls: list[Stall], truth: Interval) -> str | None:
    """How the machine was late: the prober by its own record, the bank by its own clock, the switch by its stamps."""
    operations = history.operations
    watched = (operations["due_ns"] >= injected.requested_ns) & (operations["due_ns"] < injected.healed_ns)
    sent = watched & (operations["sent_ns"] > 0)
    lag_s = float(np.max(operations["sent_ns"][sent] - operations["due_ns"][sent], initial=0)) / 1e9
    stalled_s = max((stall.ended_ns - stall.began_ns for stall in stalls), default=0) / 1e9
    assert truth.high is not None
    told = [
        f"the prober sent up to {lag_s * 1e3:.0f} ms late" if lag_s > PROBE_SPACING_S else "",
        f"the bank stood still for {stalled_s * 1e3:.0f} ms" if stalled_s > PROBE_SPACING_S else "",
        f"the truth is known to {(truth.high - truth.low) * 1e3:.0f} ms only"
        if truth.high - truth.low > KNOWN_TO_S
        else "",
    ]
    return "; ".join(sentence for sentence in told if sentence) or None
