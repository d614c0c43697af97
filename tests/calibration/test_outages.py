"""Outages of known length, judged as a drill is: the instrument passes, and a wrong one is convicted by the same outages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drdrill.calibration.assessment import assess_outages
from drdrill.calibration.kinds import OUTAGES, PROBE_SPACING_S
from drdrill.calibration.outage_bench import BenchRun
from drdrill.calibration.outage_trials import judge_bench, rejudge
from drdrill.measure import judge
from drdrill.model.calibration import Trial
from drdrill.model.judgement import Verdict
from drdrill.record.folder import RecordFolder
from drdrill.record.history import load_history

from .benches import WRONG, run_benches, undisturbed

pytestmark = pytest.mark.lab

KINDS = {kind.name: kind for kind in OUTAGES}
Judged = dict[str, tuple[BenchRun, tuple[Trial, ...]]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calibration")


@pytest.fixture(scope="module")
def judged(root: Path) -> Iterator[Judged]:
    """Two outages of each kind, and what the instrument said of them."""
    runs = run_benches(OUTAGES, root, 2)
    yield {run.kind.name: (run, judge_bench(run, root)) for run in runs}


@pytest.mark.parametrize("name", KINDS)
def test_the_instrument_is_not_convicted(judged: Judged, name: str) -> None:
    """On a machine that is too slow it may not be said; it never may be that the instrument is wrong."""
    _, trials = judged[name]
    result = assess_outages(KINDS[name], trials, PROBE_SPACING_S)
    assert result.verdict is not Verdict.FAIL, result.reason
    assert len(trials) == 2
    sound = [trial for trial in trials if trial.disturbed is None]
    assert all(trial.contains for trial in sound)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.group == "total"])
def test_a_wrong_instrument_is_convicted(judged: Judged, root: Path, name: str, wrong: str) -> None:
    """The same record, seen through an instrument with a planted defect. No machine is to blame."""
    run, _ = judged[name]
    trials = undisturbed(rejudge(run, root, WRONG[wrong]))
    assert assess_outages(KINDS[name], trials, PROBE_SPACING_S).verdict is Verdict.FAIL


def test_the_truth_is_known_far_better_than_the_probes_are_apart(judged: Judged) -> None:
    for _, trials in judged.values():
        for trial in trials:
            assert trial.truth.high is not None and trial.truth.low > 0.2
            well_known = trial.truth.high - trial.truth.low <= PROBE_SPACING_S / 2
            assert well_known or (trial.disturbed and "the truth is known to" in trial.disturbed)


def test_every_repetition_is_a_closed_history_that_anyone_may_judge_again(judged: Judged, root: Path) -> None:
    for _, trials in judged.values():
        for trial in trials:
            history = load_history(RecordFolder.existing(root / trial.evidence))
            assert history.problems == ()
            (recovery,) = judge(history).recoveries
            assert recovery.journey == "transfer"
            assert trial.observed == (recovery.rta_s if recovery.state == "restored" else None)


def test_the_bank_tells_the_truth_about_its_books(judged: Judged, root: Path) -> None:
    """Acked transfers are among the survivors, the ones that failed are not: the read is valid and the books are sound."""
    _, trials = judged["unavailable"]
    judgement = judge(load_history(RecordFolder.existing(root / trials[0].evidence)))
    assert judgement.loss.valid
    assert judgement.loss.lost_operations is not None and judgement.loss.lost_operations.high == 0
    assert judgement.loss.classes["vanished"].operations > 0
    assert {check.verdict for check in judgement.books} == {Verdict.PASS}
