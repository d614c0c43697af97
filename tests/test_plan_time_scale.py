"""A plan at a time scale: what was approved stays beside what this run is held to, and what does not fit is refused."""

from pathlib import Path

import pytest

from drdrill.errors import BadInput
from drdrill.plan import read_plan

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "targets" / "lab.toml"
EXPERIMENT = ROOT / "experiments" / "snapshot-copy-region-loss.yaml"


def test_the_shipped_experiment_holds_the_missions_objectives_and_runs_scaled() -> None:
    drill = read_plan(EXPERIMENT, TARGET)
    assert drill.approved is not None
    assert (drill.approved.rto_s, drill.approved.rpo_s) == (1200, 900)
    assert drill.time_scale == 60
    assert (drill.objectives.rto_s, drill.objectives.rpo_s, drill.traffic.baseline_s) == (20, 15, 17)


def test_one_flag_runs_it_at_full_scale() -> None:
    drill = read_plan(EXPERIMENT, TARGET, time_scale=1)
    assert drill.approved is None
    assert (drill.objectives.rto_s, drill.objectives.rpo_s, drill.traffic.baseline_s) == (1200, 900, 1020)
    assert drill.limits.max_duration_s == 3600


def test_what_one_request_is_measured_by_is_not_scaled() -> None:
    scaled, full = read_plan(EXPERIMENT, TARGET, time_scale=90), read_plan(EXPERIMENT, TARGET, time_scale=1)
    assert scaled.service_level == full.service_level
    assert scaled.traffic.model_copy(update={"baseline_s": 1020}) == full.traffic
    assert scaled.target == full.target


def test_a_scaled_drill_keeps_the_time_that_the_machine_needs() -> None:
    assert read_plan(EXPERIMENT, TARGET).limits.max_duration_s == 300


@pytest.mark.parametrize("scale", [0.5, 0, -1, float("nan")])
def test_a_scale_below_one_is_refused(scale: float) -> None:
    with pytest.raises(BadInput, match="the time scale must be 1"):
        read_plan(EXPERIMENT, TARGET, time_scale=scale)


def test_a_baseline_within_one_interval_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.yaml"
    short.write_text(EXPERIMENT.read_text().replace("baseline: 17 min", "baseline: 15 min"))
    with pytest.raises(BadInput, match="does not span a whole snapshot interval"):
        read_plan(short, TARGET)


def test_a_target_without_snapshots_is_refused_by_the_names_of_the_sections(tmp_path: Path) -> None:
    bare = tmp_path / "bare.toml"
    bare.write_text(TARGET.read_text().split("# Used by the strategy snapshot-copy alone")[0])
    with pytest.raises(BadInput) as caught:
        read_plan(EXPERIMENT, bare)
    assert [
        section for problem in caught.value.problems for section in ("[rds]", "[snapshots]") if section in problem
    ] == [
        "[rds]",
        "[snapshots]",
    ]


def test_a_drill_without_a_scale_is_as_it_always_was() -> None:
    drill = read_plan(ROOT / "experiments" / "aurora-global-region-loss.yaml", TARGET)
    assert (drill.time_scale, drill.approved, drill.objectives.rto_s) == (1, None, 60)
