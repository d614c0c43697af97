"""Load workers with false clocks: what is measured of each clock, how wrong its times are then, and what the verdict would be without that.

Run ``python -m benchmarks.false_clocks`` (half a minute). Four real workers on loopback, each a Locust of its own, read monotonic
clocks that are false: 3 s ahead, 200 ms ahead, 500 ppm fast, and 1 % fast and 20 s behind. The bank stands still for a known time, and
forgets five payments that it promised. The errors are ratios to the bounds that were claimed: above 100 % a bound would be a lie.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from tests.traffic.elsewhere import LOST, Drill, FalseClock, Ledger, judged
from tests.traffic.test_distributed import TIMES, Falsified, rto, with_records

from drdrill.model.judgement import Judgement
from drdrill.record.history import load_history
from drdrill.record.operations import read_operations

S = 1_000_000_000


def performed(root: Path) -> tuple[Falsified, dict[str, str]]:
    """The drill, and what is false about the clock of each record."""
    now_ns = time.monotonic_ns()
    clocks = {
        "3 s ahead": FalseClock(offset_ns=3 * S),
        "200 ms ahead": FalseClock(offset_ns=200_000_000),
        "500 ppm fast": FalseClock(ppm=500, epoch_ns=now_ns),
        "1 % fast, 20 s behind": FalseClock(ppm=10_000, epoch_ns=now_ns, offset_ns=-20 * S),
    }
    with Ledger().open() as bank:
        drill = Drill(root, bank, str(root / "shared"), len(clocks))
        machines = drill.run(list(clocks.values()), meanwhile=lambda _: drill.disaster())
    drill.read_survivors()
    by_record = {one.share(): one.clock for one in machines}
    words = {one.share(): text for one, text in zip(machines, clocks, strict=True)}
    return Falsified(drill.folder, by_record, drill.outage_s, judged(drill.folder)), words


def tell_clocks(run: Falsified, words: dict[str, str]) -> None:
    """Print the worst error of each recorder's times, corrected and not, beside its bound."""
    history = load_history(run.folder)
    recorders = {one.name: one for one in history.recorders}
    for name, clock in sorted(run.clocks.items()):
        raw, told, *_ = read_operations(run.folder.operations / f"{name}.ops")
        mine = history.operations[history.operations["op_id"] >> 40 == told.number]
        there = [raw[time_name] != 0 for time_name in TIMES]
        true_ns = [clock.true_ns(raw[time_name][one]) for time_name, one in zip(TIMES, there, strict=True)]
        untold, moved = (
            max(
                np.abs(of[time_name][one] - true).max()
                for time_name, one, true in zip(TIMES, there, true_ns, strict=True)
            )
            for of in (raw, mine)
        )
        bound = recorders[name].clock_bound_ns
        print(
            f"{name}  {words[name]:22} {len(raw):4} operations  as recorded wrong by {untold / 1e6:10,.3f} ms  "
            f"corrected {moved / 1e6:6.3f} ms  bound {bound / 1e6:6.3f} ms ({moved / bound:.0%} of it)"
        )


def tell_verdict(name: str, judgement: Judgement, outage_s: float) -> None:
    """Print one judgement's figures beside the truth."""
    found = [one.rta_s for one in judgement.recoveries if one.rta_s is not None]
    interval = rto(judgement) if found else None
    high = None if interval is None else interval.high
    told = "none" if interval is None else f"{interval.low:.3f} to {'unbounded' if high is None else f'{high:.3f}'} s"
    right = interval is not None and high is not None and interval.low <= outage_s <= high
    print(
        f"{name:26} {judgement.verdict.value:8} RTA {told} ({'holds' if right else 'does NOT hold'} the true {outage_s:.3f} s)"
    )
    lost = judgement.loss.lost_operations
    said = "; ".join(one.reason for one in judgement.findings if one.id == "clock") or "all the drill's own"
    told = "not known" if lost is None else f"{lost.low:g}"
    print(f"{'':26} lost {told} (true {LOST}); clocks: {said}")


def main() -> None:
    """Print what was measured, and both judgements."""
    with tempfile.TemporaryDirectory() as name:
        run, words = performed(Path(name))
        tell_clocks(run, words)
        tell_verdict("as it is judged", run.judgement, run.outage_s)
        tell_verdict(
            "with true clocks", judged(with_records(run, Path(name) / "true", lambda c, t: c.true_ns(t))), run.outage_s
        )
        believed = judged(with_records(run, Path(name) / "believed", lambda _clock, t: t))
        tell_verdict("with clocks believed", believed, run.outage_s)


if __name__ == "__main__":
    main()
