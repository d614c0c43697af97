"""What an experiment may not hold."""

from pathlib import Path
from tomllib import loads
from typing import Any

import pytest

from drdrill.chaos.rules import refuse_unsafe
from drdrill.errors import BadInput
from drdrill.model.target import Target

TARGET = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))


def _activity(**provider: Any) -> dict[str, Any]:
    return {"method": [{"type": "action", "name": "act", "provider": provider}]}


@pytest.mark.parametrize(
    ("experiment", "word"),
    [
        (_activity(type="process", path="rm"), "process"),
        (_activity(type="python", module="os", func="system"), "'os'"),
        (_activity(type="python", module="chaosaws.ec2.actions", func="stop_instances"), "chaosaws.ec2.actions"),
        (_activity(type="http", url="https://elsewhere.example/"), "elsewhere"),
        (_activity(type="http", url="http://${host}/"), "host"),
        (_activity(type="ftp"), "ftp"),
        ({"runtime": {"python": {"dependencies": ["x"]}}}, "runtime.python"),
        ({"runtime": {"hypothesis": {"strategy": "continuous"}}}, "continuous"),
        ({"runtime": []}, "mapping"),
        ({"configuration": {"x": {"type": "probe", "provider": {"type": "process"}}}}, "process"),
        ({"controls": [{"name": "c", "provider": {"type": "python", "module": "evil"}}]}, "evil"),
        ([], "mapping"),
    ],
)
def test_it_is_refused(experiment: Any, word: str) -> None:
    """At any depth: in the method, in a control, in the configuration."""
    with pytest.raises(BadInput, match="not performing") as refused:
        refuse_unsafe(experiment, TARGET)
    assert word in str(refused.value)


def test_the_front_door_and_this_machine_may_be_asked() -> None:
    """The negative twin."""
    refuse_unsafe(_activity(type="http", url="http://api.bank.example:8080/health"), TARGET)
    refuse_unsafe(_activity(type="http", url="http://127.0.0.1:8080/health"), TARGET)


def test_all_problems_are_told_at_once() -> None:
    """One complaint, with everything in it."""
    both = {**_activity(type="process"), "runtime": {"python": {}}}
    with pytest.raises(BadInput) as refused:
        refuse_unsafe(both, TARGET)
    assert len(refused.value.problems) == 2
