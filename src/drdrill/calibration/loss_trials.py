"""From one lab's closed history to the repetitions of every kind of loss: counted, and the very operations compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drdrill.calibration.loss_bench import KnownLoss, LossPlan
from drdrill.calibration.outage_trials import Instrument, sound
from drdrill.errors import DrillError
from drdrill.measure import judge
from drdrill.model.calibration import Trial
from drdrill.model.judgement import Finding, Interval, Judgement
from drdrill.record.history import history_digest, load_history


def judge_loss(known: KnownLoss, number: int, root: Path, instrument: Instrument = sound) -> dict[str, Trial]:
    """The trial of each kind of loss."""
    judgement = judge(instrument(load_history(known.folder)))
    common: dict[str, Any] = {
        "number": number,
        "evidence": str(known.folder.root.relative_to(root)),
        "digest": str(history_digest(known.folder)),
        "state": "read" if judgement.loss.valid else str(judgement.loss.invalid_because),
    }
    seen = _Seen(judgement)
    everything = known.behind | known.split_brain
    counted = {
        "lost": (known.behind, seen.lost() - seen.split_brain(), seen.all_lost() == everything and seen.nothing_else()),
        "split-brain": (known.split_brain, seen.split_brain(), seen.flag("split-brain") == len(known.split_brain)),
        "doubled": (known.doubled, seen.witnesses("doubled"), seen.flag("doubled") == len(known.doubled)),
        "altered": (known.altered, seen.witnesses("altered"), seen.flag("altered") == len(known.altered)),
    }
    trials = {
        name: Trial(truth=_point(len(true)), observed=_point(len(found)), exact=true == found and rest, **common)
        for name, (true, found, rest) in counted.items()
    }
    span_s = judgement.loss.split_brain_span_s
    observed = None if span_s is None else _point(span_s)
    trials["split-brain-span"] = Trial(truth=known.span_s, observed=observed, **common)
    return trials


def unmade_loss(number: int, seed: int, because: DrillError) -> dict[str, Trial]:
    """The trials of a repetition whose losses could not be made: nothing was observed, and the instrument is not to blame."""
    plan = LossPlan.drawn(seed, number)
    doubled, altered = plan.struck()
    wanted = {
        "lost": plan.behind,
        "split-brain": plan.split_brain,
        "split-brain-span": round(plan.pause_s, 6),
        "doubled": doubled,
        "altered": altered,
    }
    told = f"the losses of number {number} could not be made ({because})"
    return {
        name: Trial(number=number, truth=_point(value), observed=None, state="not made", disturbed=told)
        for name, value in wanted.items()
    }


def _point(value: float) -> Interval:
    return Interval(low=value, high=value)


class _Seen:
    """What a judgement says of loss, as sets of operations."""

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement

    def lost(self) -> frozenset[int]:
        return frozenset(payment.op_id for payment in self._judgement.loss.lost)

    def all_lost(self) -> frozenset[int]:
        """The lost ones, if all of them are listed, and count and interval agree with the list."""
        loss = self._judgement.loss
        agrees = loss.lost_operations == _point(len(loss.lost)) and not loss.lost_not_listed
        return self.lost() if agrees else frozenset()

    def split_brain(self) -> frozenset[int]:
        return frozenset(p.op_id for p in self._judgement.loss.lost if "split-brain" in p.flags)

    def flag(self, name: str) -> int:
        found = self._judgement.loss.flags.get(name)
        return found.operations if found is not None else 0

    def witnesses(self, identity: str) -> frozenset[int]:
        """Every operation that a finding names; up to 20, so no more are ever planted."""
        return frozenset(witness for found in self._findings(identity) for witness in found.witnesses)

    def nothing_else(self) -> bool:
        """No ghost, no stranger, nothing in doubt."""
        classes = self._judgement.loss.classes
        return not any(classes[name].operations for name in ("ghost", "stranger", "in doubt") if name in classes)

    def _findings(self, identity: str) -> list[Finding]:
        return [found for found in self._judgement.findings if found.id == identity]
