"""Every experiment that ships is one that Chaos Toolkit, our rules and our plan accept."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from drdrill.chaos.rules import hypothesis_strategy, refuse_unsafe
from drdrill.model.quantity import seconds
from drdrill.plan import read_plan

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))
TARGET = ROOT / "targets" / "lab.toml"


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_chaos_validate_accepts_it(path: Path, tmp_path: Path) -> None:
    """The command that a user would type."""
    chaos = Path(sys.executable).with_name("chaos")
    words = [str(chaos), "--no-version-check", "--settings", str(tmp_path / "none.yaml"), "validate", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_it_is_a_plan_and_is_safe(path: Path) -> None:
    """Its block is read by the plan; its activities are ours; the steady state is looked at before the method only."""
    drill = read_plan(path, TARGET)
    document = yaml.safe_load(path.read_text())
    refuse_unsafe(document, drill.target)
    assert hypothesis_strategy(document).value == "before-method-only"
    assert drill.traffic.baseline_s > (drill.objectives.rpo_s or 0)
    assert drill.limits.max_duration_s == seconds("5 min")


def test_the_calibration_writes_nothing_but_its_500_transfers() -> None:
    """Traffic that paid as well would lose payments of its own, and the loss would not be known beforehand."""
    drill = read_plan(ROOT / "experiments" / "aurora-global-replication-cut.yaml", TARGET)
    assert set(drill.traffic.journeys) == {"balance", "statement"}
    assert drill.traffic.probe_journeys == ("balance",)
