"""A plan is read whole or refused whole: every problem of both files, before anything is touched."""

from pathlib import Path

import pytest

from drdrill.errors import BadInput
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
