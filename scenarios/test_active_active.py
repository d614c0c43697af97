"""Active-active on Aurora Global Database: both regions serve; Hyderabad reads at home and forwards its payments to Mumbai."""

from pathlib import Path

import allure
import pytest
from scenarios.auditor import Auditor, instances_of
from scenarios.broken import broken_copy, convicted

from drdrill.model.estate import Estate
from drdrill.model.judgement import Recovery, Verdict
from drdrill.pytest_plugin import Rehearse, Rehearsed

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Active-active"),
    allure.label("strategy", "aurora-global"),
]

MUMBAI, HYDERABAD = "ap-south-1", "ap-south-2"
FALL_BEHIND = """method:
  - type: action
    name: let the log come three seconds late
    provider:
      type: python
      module: drdrill.chaos.actions
      func: delay_links
      arguments:
        links: ["ap-south-2>ap-south-1:replication"]
        seconds: 3.0
        direction: backward
    pauses:
      after: 4
"""


def recovery_of(rehearsed: Rehearsed, journey: str) -> Recovery:
    """How one journey came through."""
    (found,) = [each for each in rehearsed.judgement.recoveries if each.journey == journey]
    return found


@allure.title("The region that writes is lost; the other reads on at once, writes at home, and gets a second zone")
def test_the_loss_of_the_writer_is_survived_within_the_objectives(
    drill: Rehearse, auditor: Auditor, tmp_path: Path
) -> None:
    """RTO one minute, RPO one second. What is lost is counted by SQL in each of Hyderabad's two zones, and is what the report says."""
    second = Auditor(tmp_path / "evidence", HYDERABAD)

    def audit(estate: Estate) -> None:
        auditor(estate)
        (beside,) = [dsn for name, dsn in instances_of(estate, HYDERABAD) if name.endswith("-2")]
        second.ask(beside)

    rehearsed = drill("experiments/aurora-active-active-mumbai-loss.yaml", inspect=audit)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    second.agrees_with(rehearsed)
    (ready,) = [mark for mark in rehearsed.judgement.marks if mark.name == "second-zone.ready"]
    assert ready.detail["zones"] == ["ap-south-2a", "ap-south-2b"]
    assert not ready.detail["was_there"]


@pytest.mark.prove
@allure.title("A Hyderabad that is further behind than the objective allows is convicted of the RPO")
def test_a_follower_that_is_behind_is_convicted_of_the_rpo(
    drill: Rehearse, auditor: Auditor, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """The log comes three seconds late; what Mumbai had acknowledged meanwhile is lost with it."""
    original = pytestconfig.rootpath / "experiments" / "aurora-active-active-mumbai-loss.yaml"
    rehearsed = drill(broken_copy(original, tmp_path, {"method:\n": FALL_BEHIND}), inspect=auditor)

    assert convicted(rehearsed, "rpo").startswith("RPO missed")
    auditor.agrees_with(rehearsed)
    assert auditor.lost > 0


@pytest.mark.prove
@allure.title("The region that only reads is lost; nothing is lost with it, and nobody is promoted")
def test_the_loss_of_the_reader_costs_no_payment(drill: Rehearse, tmp_path: Path) -> None:
    """Its customers go to Mumbai."""
    auditor = Auditor(tmp_path / "evidence", MUMBAI)
    rehearsed = drill("experiments/aurora-active-active-hyderabad-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0


@pytest.mark.prove
@allure.title("Health checks that are slow to believe are convicted of the RTO")
def test_slow_health_checks_are_convicted_of_the_rto(
    drill: Rehearse, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """Ten failures in a row before half of the customers are sent elsewhere; five seconds had been promised."""
    root, auditor = pytestconfig.rootpath, Auditor(tmp_path / "evidence", MUMBAI)
    slow = {"health_check_threshold = 3": "health_check_threshold = 10"}
    target = broken_copy(root / "targets" / "lab.toml", tmp_path, slow)
    original = root / "experiments" / "aurora-active-active-hyderabad-loss.yaml"
    strict = broken_copy(original, tmp_path, {"rto: 60 s": "rto: 5 s"})
    rehearsed = drill(strict, target=str(target), inspect=auditor)

    assert convicted(rehearsed, "rto.transfer").startswith("RTO missed for transfer")
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0


@pytest.mark.prove
@allure.title("Hyderabad cannot reach the writer; the runbook takes it out of the rotation")
def test_a_region_that_cannot_forward_is_taken_out_of_the_rotation(drill: Rehearse, tmp_path: Path) -> None:
    """No health check may do that: one that asked for the writer would take both regions out at once."""
    auditor = Auditor(tmp_path / "evidence", MUMBAI)
    rehearsed = drill("experiments/aurora-active-active-forwarding-cut.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0
    assert recovery_of(rehearsed, "balance").state in ("never down", "restored")


@pytest.mark.prove
@allure.title("A runbook that is slow to take a region out of the rotation is convicted of the RTO")
def test_a_slow_runbook_is_convicted_of_the_rto(drill: Rehearse, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """Half of the payments fail until somebody acts, and nobody acts for twelve seconds."""
    auditor = Auditor(tmp_path / "evidence", MUMBAI)
    original = pytestconfig.rootpath / "experiments" / "aurora-active-active-forwarding-cut.yaml"
    slow = broken_copy(original, tmp_path, {"after: 5": "after: 12", "rto: 60 s": "rto: 10 s"})
    rehearsed = drill(slow, inspect=auditor)

    assert convicted(rehearsed, "rto.transfer").startswith("RTO missed for transfer")
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0


@pytest.mark.prove
@allure.title("Reads of what is a second old are counted as stale, and are no good service")
def test_stale_reads_are_counted_and_convicted(drill: Rehearse) -> None:
    """Broken on purpose: the log comes a second late, twenty accounts are paid all the time, half of the reads are in Hyderabad."""
    rehearsed = drill("scenarios/sabotaged/stale-reads.yaml")

    balance = recovery_of(rehearsed, "balance")
    assert balance.stale > 10
    convicted(rehearsed, "rto.balance")
    assert rehearsed.finding("loss").verdict is Verdict.PASS
