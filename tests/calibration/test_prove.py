"""The long form: a hundred outages of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.calibration.kinds import OUTAGES
from drdrill.calibration.run import Wanted, Watcher, calibrate
from drdrill.model.judgement import Verdict


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_hundred_outages_of_every_kind(tmp_path: Path) -> None:
    wanted = Wanted(repetitions=100, reports=tmp_path, only=tuple(kind.name for kind in OUTAGES), seed=2)
    _, calibration = calibrate(wanted, Watcher())
    for kind in calibration.kinds:
        assert kind.verdict is not Verdict.FAIL, f"{kind.kind}: {kind.reason}"
    held = sum(kind.contained for kind in calibration.kinds)
    assert held >= 0.99 * sum(len(kind.trials) for kind in calibration.kinds)
