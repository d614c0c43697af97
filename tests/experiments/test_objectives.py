"""No experiment is easier than what the bank's plan promises, unless the file of promises itself says so, and why."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from drdrill.model.drill import Drill, Objectives
from drdrill.model.quantity import seconds
from drdrill.plan import read_plan

ROOT = Path(__file__).parents[2]
EXPERIMENTS = {path.stem: path for path in sorted((ROOT / "experiments").glob("*.yaml"))}
MISSION: dict[str, list[dict[str, Any]]] = tomllib.loads((ROOT / "objectives" / "mission.toml").read_text())
WIDER = {(line["experiment"], line["objective"]): line["because"] for line in MISSION["wider"]}


def promised_s(drill: Drill, objective: str) -> float | None:
    """The strictest promise for what this drill is about, in seconds at full scale; None when nothing was promised."""
    fitting = [
        promise
        for promise in MISSION["promise"]
        if promise.get("data", drill.strategy.data) == drill.strategy.data
        and promise.get("application", drill.strategy.application) == drill.strategy.application
    ]
    return min((seconds(promise[objective]) for promise in fitting if objective in promise), default=None)


def allowed_s(approved: Objectives, objective: str) -> float | None:
    """What an experiment allows; to lose no operation at all is an RPO of nought."""
    if objective == "rpo":
        return 0.0 if approved.loss_operations == 0 else approved.rpo_s
    return approved.rto_s


@pytest.mark.parametrize("objective", ["rto", "rpo"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_no_experiment_is_easier_than_the_promise(name: str, objective: str) -> None:
    drill = read_plan(EXPERIMENTS[name], ROOT / "targets" / "lab.toml")
    promised, allowed = promised_s(drill, objective), allowed_s(drill.approved or drill.objectives, objective)
    within = promised is None or (allowed is not None and allowed <= promised)
    assert within != ((name, objective) in WIDER), (
        f"{name} allows {allowed} s and {promised} s were promised: state it in objectives/mission.toml, or take it out there"
    )


def test_whatever_is_wider_exists_and_says_why() -> None:
    for (name, objective), because in WIDER.items():
        assert name in EXPERIMENTS and objective in ("rto", "rpo") and because


def test_the_missions_numbers_are_these() -> None:
    """As the mission states them: a change of this file is a change of what the bank promises."""
    by_data = {promise["data"]: promise for promise in MISSION["promise"] if "data" in promise}
    assert (by_data["snapshot-copy"]["rto"], by_data["snapshot-copy"]["rpo"]) == ("20 min", "15 min")
    assert (by_data["aurora-global"]["rto"], by_data["aurora-global"]["rpo"]) == ("1 min", "1 s")
    assert [p["rto"] for p in MISSION["promise"] if p.get("application") == "warm-standby"] == ["15 min"]
