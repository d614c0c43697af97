"""The tests of the judge are tested: each of these small lies in its code must be noticed by them.

A mutant is the package with one line changed; the named test file must fail on it. It is run in a process of its own, with
the mutated copy first on the path.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parents[1] / "src" / "drdrill"

MUTANTS = [
    ("attempts", "(op_ids < first + length)", "(op_ids <= first + length)", "reconcile"),
    ("attempts", "within < self.lengths[run]", "within <= self.lengths[run]", "attempts"),
    ("attempts", "self.is_write.take(rows) == 0", "self.is_write.take(rows) == 2", "reconcile"),
    ("books", "ledgers.lowest[self._known]", "ledgers.lowest[self._known] * 0", "books"),
    ("books", "(net != 0) | (sides != 0)", "sides != 0", "books"),
    ("clock", "max((recorder.clock_bound_ns", "min((recorder.clock_bound_ns", "recovery"),
    ("conduct", "mark.at_ns >= since_ns and", "", "conduct"),
    ("disaster", "(fault is None or mark.detail.get(\"fault\") == fault)", "True", "recovery"),
    ("disaster", "min(ends) if ends", "max(ends) if ends", "recovery"),
    ("goodness", "<= round(level.latency_s * 1e9)", "< round(level.latency_s * 1e9)", "recovery"),
    ("goodness", "reconciliation.presence[part.rows] == Presence.KEPT", "True", "recovery"),
    ("goodness", "is_good &= ~is_stale", "is_good &= True", "staleness"),
    ("journals", "if journal[activity] != marks[activity]", "if activity not in marks", "conduct"),
    ("ledgers", "(step < 0)", "(step < -9)", "ledgers"),
    ("ledgers", "(same & (step != 1))", "False", "ledgers"),
    ("ledgers", "running - totals + parts.lowest.take(order)", "running", "ledgers"),
    ("loss", "disaster.request_ns - oldest", "disaster.proved_ns - oldest", "loss"),
    ("loss", "self.oldest_kept_ns >= self.oldest_lost_ns", "self.oldest_kept_ns > self.oldest_lost_ns", "loss"),
    ("loss", "for moment in (oldest, doubt)", "for moment in (oldest, oldest or doubt)", "loss"),
    ("loss", "kept & (sent < request_ns)", "kept", "loss"),
    ("loss_findings", "if baseline_s > objective:", "if baseline_s >= objective:", "loss"),
    ("loss_findings", "if objective == 0:", "if objective == -1:", "loss"),
    ("outage", "< hold_ns", "<= hold_ns", "recovery"),
    ("outage", "is_last = end == len(windows.met)", "is_last = False", "recovery"),
    ("outage", "_first_from(fine, end)", "_first_from(fine, last_bad + 1)", "golden"),
    ("phases", "min(max(ended_ns, began_ns), restored_ns)", "ended_ns", "phases"),
    ("phases", "first.setdefault(mark.name, mark.at_ns)", "first[mark.name] = mark.at_ns", "phases"),
    ("punctuality", "np.int32(_NOT_SENT), microseconds", "np.int32(0), microseconds", "series"),
    ("reading", "reasons[-1] or _writes_after(seen, reads[-1])", "reasons[-1]", "reading"),
    ("reading", "or _unrepeated(history, reasons)", "", "reading"),
    ("reconcile", "Presence.KEPT if is_there else Presence.LOST", "Presence.KEPT", "golden"),
    ("reconcile", '> proved_ns)] |=', '>= proved_ns)] |=', "reconcile"),
    ("reconcile", "_cut_short(attempts, part)] = Presence.IN_DOUBT", "_cut_short(attempts, part)] = Presence.VANISHED", "reconcile"),
    ("reconcile", "Presence.GHOST if was_ever_there", "Presence.GHOST if is_there", "reconcile"),
    ("reconcile", "None if is_last else", "None if True else", "reconcile"),
    ("recovery", "low - self.watch.proved_ns", "low - self.watch.request_ns", "golden"),
    ("recovery", "held_ns >= self.watch.hold_ns", "held_ns > self.watch.hold_ns", "recovery"),
    ("recovery", "min(self.due(outage.before), over_ns)", "min(self.due(outage.last_bad), over_ns)", "doubt"),
    ("recovery", "max(high, self.done(self.sure(outage)))", "high", "golden"),
    ("doubt", "gaps = bad - 1", "gaps = bad", "doubt"),
    ("recovery", "good_ns[low:high], [self.watch.end_ns]", "good_ns[low:high]", "recovery"),
    ("recovery", "if lag_ns > self.watch.spacing_ns else 0", "if False else 0", "recovery"),
    ("recovery_findings", "seen.seen_for_s >= objective", "seen.recovery.watched_s >= objective", "recovery"),
    ("recovery_findings", "yield found if unread is None else _with_doubt(found, unread)", "yield found", "recovery"),
    ("staleness", 'side="left") - 1', 'side="right") - 1', "staleness"),
    ("staleness", "np.minimum.accumulate(keys[::-1], out=keys[::-1])", "keys.sort()", "staleness"),
    ("staleness", "found.presence.take(writes[is_kept]) == Presence.KEPT", "True", "staleness"),
    ("staleness", "early = since_ns <= 0", "early = since_ns <= 1_500_000_000", "staleness"),
    ("survey", "mark.name == RECORDER_LOST", "False", "conduct"),
    ("survey", "skip = 1 if", "skip = 0 if", "attempts"),
    ("tally", "(self.debits > 1) | (self.credits > 1)", "(self.debits > 2) | (self.credits > 2)", "reconcile"),
    ("tally", "(account != wanted) | ", "", "reconcile"),
    ("verdicts", "interval.high <= objective", "interval.high < objective", "verdicts"),
    ("verdicts", "interval.low > objective", "interval.low >= objective", "verdicts"),
    ("verdicts", "default=Verdict.UNKNOWN", "default=Verdict.PASS", "verdicts"),
    ("windows", "begin + need)", "begin)", "golden"),
    ("windows", "- 1e-6", "", "windows"),
]  # fmt: skip


@pytest.mark.prove
@pytest.mark.parametrize(("file", "truth", "lie", "test"), MUTANTS, ids=lambda value: str(value)[:40])
def test_the_tests_notice_the_lie(file: str, truth: str, lie: str, test: str, tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "drdrill", ignore=shutil.ignore_patterns("__pycache__"))
    mutated = tmp_path / "drdrill" / "measure" / f"{file}.py"
    text = mutated.read_text()
    assert text.count(truth) == 1, f"{file}.py says {truth!r} {text.count(truth)} times: the mutant is out of date"
    mutated.write_text(text.replace(truth, lie))
    words = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", str(TESTS / f"test_{test}.py")]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 1, f"test_{test}.py did not notice it:\n{run.stdout[-2000:]}"
