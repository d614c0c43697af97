"""Losses that are known to the operation: real PostgreSQL, a real cut, a real promotion."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from drdrill.calibration.assessment import assess_losses
from drdrill.calibration.kinds import LOSSES
from drdrill.calibration.loss_bench import ALTERED_EVERY, DOUBLED_EVERY, KnownLoss, LossPlan, lose_what_is_known
from drdrill.calibration.loss_trials import judge_loss, unmade_loss
from drdrill.calibration.outage_trials import Instrument
from drdrill.errors import EstateError
from drdrill.model.history import History
from drdrill.model.judgement import Verdict
from drdrill.model.survivors import ENTRY


def test_the_plan_of_a_repetition_is_drawn_from_its_seed_and_plants_what_a_finding_can_name() -> None:
    plans = [LossPlan.drawn(1, number) for number in range(1, 200)]
    assert plans == [LossPlan.drawn(1, number) for number in range(1, 200)]
    assert len({plan.behind for plan in plans}) > 50
    assert all(0 < struck <= 20 for plan in plans for struck in plan.struck())


def test_two_bugs_that_strike_at_once_count_once() -> None:
    assert LossPlan(21, 1, 3, 0.2).struck() == (21 // DOUBLED_EVERY, (21 - 1) // ALTERED_EVERY - 1)


def test_a_loss_that_could_not_be_made_is_no_verdict_on_the_instrument() -> None:
    trials = unmade_loss(1, 3, EstateError("the lab was not opened"))
    for kind in LOSSES:
        result = assess_losses(kind, [trials[kind.name]])
        assert result.verdict is Verdict.UNKNOWN
        assert "could not be made (the lab was not opened)" in result.reason


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("losses")


@pytest.fixture(scope="module")
def known(root: Path) -> KnownLoss:
    return lose_what_is_known(1, root, 3, lambda _: None)


@pytest.mark.lab
def test_every_loss_is_exact_to_the_operation(known: KnownLoss, root: Path) -> None:
    trials = judge_loss(known, 1, root)
    for kind in LOSSES:
        result = assess_losses(kind, [trials[kind.name]])
        assert result.verdict is Verdict.PASS, f"{kind.name}: {result.reason}"
    assert trials["lost"].truth.low == known.plan.behind
    assert trials["split-brain"].truth.low == known.plan.split_brain


def _one_more_survivor(history: History) -> History:
    """A reader of the survivors that finds one lost transfer after all."""
    read = history.survivors[-1]
    kept = set(read.entries["op_id"].tolist())
    lost = next(one for one in history.operations[::-1] if one["outcome"] == 1 and int(one["op_id"]) not in kept)
    rows = np.zeros(2, dtype=ENTRY)
    for row, account, sign in zip(rows, ("debit", "credit"), (-1, 1), strict=True):
        row["op_id"], row["account"], row["amount_paise"] = lost["op_id"], lost[account], sign * lost["amount_paise"]
    entries = np.concatenate((read.entries, rows))
    return dataclasses.replace(history, survivors=(dataclasses.replace(read, entries=entries),))


def _without_one_operation(history: History) -> History:
    """A recorder that forgot the last operation of the transfers behind the cut: its row is gone from the record."""
    behind = history.operations["op_id"] >> 40 == 91
    keep = ~behind
    keep[np.flatnonzero(behind)[:-1]] = True
    return dataclasses.replace(history, operations=history.operations[keep])


def _clock_behind(history: History) -> History:
    """Marks that come 10 s too late: the split brain looks like an ordinary loss."""
    marks = tuple(mark.model_copy(update={"at_ns": mark.at_ns + 10_000_000_000}) for mark in history.marks)
    return dataclasses.replace(history, marks=marks)


def _rows_once(history: History) -> History:
    """A reader that returns every row of an operation and account once: nothing looks doubled."""
    read = history.survivors[-1]
    _, first = np.unique(read.entries[["op_id", "account"]], return_index=True)
    return dataclasses.replace(history, survivors=(dataclasses.replace(read, entries=read.entries[np.sort(first)]),))


def _rounded(history: History) -> History:
    """A reader that rounds to whole rupees: nothing looks altered."""
    read = history.survivors[-1]
    entries = read.entries.copy()
    entries["amount_paise"] = np.round(entries["amount_paise"], -2)
    return dataclasses.replace(history, survivors=(dataclasses.replace(read, entries=entries),))


@pytest.mark.lab
@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (_one_more_survivor, "split-brain"),
        (_without_one_operation, "lost"),
        (_clock_behind, "split-brain"),
        (_clock_behind, "split-brain-span"),
        (_rows_once, "doubled"),
        (_rounded, "altered"),
    ],
)
def test_a_wrong_instrument_is_convicted(known: KnownLoss, root: Path, wrong: Instrument, name: str) -> None:
    trial = judge_loss(known, 1, root, wrong)[name]
    (kind,) = [kind for kind in LOSSES if kind.name == name]
    assert assess_losses(kind, [trial]).verdict is Verdict.FAIL
