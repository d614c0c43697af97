"""A plan is read whole or refused whole: every problem of both files, before anything is touched."""

from pathlib import Path

import pytest

from drdrill.errors import BadInput
from drdrill.model.shape import BankingDay, Replay, Spike
from drdrill.plan import read_plan

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "targets" / "lab.toml"
EXPERIMENT = ROOT / "experiments" / "aurora-global-region-loss.yaml"


def problems(experiment: Path, target: Path = TARGET) -> tuple[str, ...]:
    with pytest.raises(BadInput) as caught:
        read_plan(experiment, target)
    return caught.value.problems


def variant(tmp_path: Path, old: str, new: str, source: Path = EXPERIMENT) -> Path:
    text = source.read_text()
    assert old in text, f"{source.name} has no {old!r}"
    path = tmp_path / source.name
    path.write_text(text.replace(old, new, 1))
    return path


def test_the_shipped_experiment_is_a_plan() -> None:
    drill = read_plan(EXPERIMENT, TARGET)
    assert drill.objectives.rto_s == 60
    assert drill.objectives.rpo_s == 1
    assert drill.disaster == "region-loss"


def test_an_unknown_experiment_is_named_beside_those_that_exist() -> None:
    (problem,) = problems(ROOT / "experiments" / "nothing.yaml")
    assert "there is no experiment file" in problem
    assert "aurora-global-region-loss.yaml" in problem


def test_an_objective_without_a_unit_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(variant(tmp_path, "rto: 60 s", "rto: 60"))
    assert "objectives.rto" in problem
    assert "needs a number and a unit" in problem


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(variant(tmp_path, "rto: 60 s", "rot: 60 s"))
    assert problem.endswith("objectives.rot is not a known field")


def test_malformed_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("title: x\nmethod: [\n")
    (problem,) = problems(path)
    assert "is not YAML at line 3" in problem


def test_an_objective_written_twice_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(variant(tmp_path, "title:", "title: first\ntitle:"))
    assert "'title' is written twice" in problem


def test_a_region_outside_india_is_refused_by_name(tmp_path: Path) -> None:
    target = variant(tmp_path, 'recovery_region = "ap-south-2"', 'recovery_region = "ap-southeast-1"', TARGET)
    (problem,) = problems(EXPERIMENT, target)
    assert "recovery_region is in ap-southeast-1, outside the residency list" in problem


def test_the_residency_list_itself_cannot_be_widened_beyond_india(tmp_path: Path) -> None:
    target = variant(tmp_path, 'recovery_region = "ap-south-2"', 'recovery_region = "eu-west-1"', TARGET)
    target.write_text(
        'allowed_regions = ["ap-south-1", "ap-south-2", "eu-west-1"]\n'
        + target.read_text().replace("allowed_regions =", "#")
    )
    assert any("eu-west-1" in problem and "not in India" in problem for problem in problems(EXPERIMENT, target))


def test_all_problems_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    experiment = variant(tmp_path, "rto: 60 s", "rto: 60\n      colour: red")
    target = variant(tmp_path, 'account_id = "', 'account_id = "x', TARGET)
    assert len(problems(experiment, target)) == 3


def test_an_experiment_without_the_block_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text("title: bare\ndescription: x\nmethod: []\n")
    (problem,) = problems(path)
    assert "0 blocks" in problem


RATE = "rate: 100/s\n      ramp: 1 s"


def test_traffic_is_steady_on_fresh_connections_unless_the_plan_says_otherwise(tmp_path: Path) -> None:
    traffic = read_plan(EXPERIMENT, TARGET).traffic
    assert (traffic.shape, traffic.connections) == (None, "fresh")
    kept = variant(tmp_path, RATE, f"{RATE}\n      connections: kept")
    assert read_plan(kept, TARGET).traffic.connections == "kept"
    (problem,) = problems(variant(tmp_path, RATE, f"{RATE}\n      connections: both"))
    assert "traffic.connections" in problem


def test_a_spike_and_a_banking_day_are_written_with_units(tmp_path: Path) -> None:
    spike = "shape: {spike: {peak: 400/s, after: 1 min, climb: 500 ms, lasts: 20 s}}"
    traffic = read_plan(variant(tmp_path, RATE, f"{RATE}\n      {spike}"), TARGET).traffic
    assert traffic.shape == Spike(peak_per_s=400, after_s=60, climb_s=0.5, lasts_s=20)
    day = "rate: 100/s\n      shape: {banking_day: {day: 10 min, begins: 8 h}}"
    assert read_plan(variant(tmp_path, RATE, day), TARGET).traffic.shape == BankingDay(day_s=600, begins_h=8)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("{}", "a shape is one of spike, banking_day and replay, not nothing"),
        (
            "{banking_day: {day: 1 min}, replay: {file: a.csv}}",
            "a shape is one of spike, banking_day and replay, not banking_day and replay",
        ),
        ("{spike: {peak: 400/s, after: 500 ms, lasts: 1 s}}", "would begin before the ramp of 1 s is over"),
        ("{banking_day: {day: 10 min}}", "leave the ramp out"),
        ("{spike: {peak: 400, after: 2 s, lasts: 1 s}}", "needs a number and a unit"),
        ("{replay: {file: missing.csv}}", "missing.csv cannot be read"),
    ],
)
def test_what_is_no_shape_is_refused(tmp_path: Path, shape: str, said: str) -> None:
    told = problems(variant(tmp_path, RATE, f"{RATE}\n      shape: {shape}"))
    assert any(said in problem for problem in told), told


def test_a_recording_is_read_with_the_plan_and_sealed_into_it(tmp_path: Path) -> None:
    """Relative to the experiment; every bad line is a problem of the plan; it must outlast the baseline."""
    recording = tmp_path / "salary-day.csv"
    plan = variant(tmp_path, RATE, "shape: {replay: {file: salary-day.csv, speed: 2}}")
    recording.write_text("0\n1,transfer\n30\n")
    shape = read_plan(plan, TARGET).traffic.shape
    assert isinstance(shape, Replay)
    assert (shape.file, shape.speed, len(shape.sha256)) == (str(recording), 2, 64)
    recording.write_text("0\n19.9\n")
    (problem,) = problems(plan)
    assert "the last arrival of salary-day.csv comes after 9.95 s, before the baseline of 10 s is over" in problem
    recording.write_text("0\nlater\n30,loan\n")
    assert len(problems(plan)) == 2
