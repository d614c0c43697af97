"""RDS Multi-AZ in Mumbai: a zone is lost, or RDS is told to fail over; no acknowledged payment may be lost with it."""

from pathlib import Path

import allure
import pytest
from scenarios.auditor import Auditor
from scenarios.broken import HOLD, broken_copy, convicted

from drdrill.model.judgement import Recovery
from drdrill.pytest_plugin import Rehearse, Rehearsed

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("RDS Multi-AZ"),
    allure.label("strategy", "multi-az"),
]

MUMBAI = "ap-south-1"
NOWHERE_TO_READ = """  - type: action
    name: cut the way to the instance, too
    provider:
      type: python
      module: drdrill.chaos.actions
      func: cut_links
      arguments:
        links: ["ap-south-1a>ap-south-1a:database", "ap-south-1b>ap-south-1a:database"]
"""
OPEN_IT = """rollbacks:
  - type: action
    name: open the way to the instance
    provider:
      type: python
      module: drdrill.chaos.actions
      func: open_links
"""


def recovery_of(rehearsed: Rehearsed, journey: str) -> Recovery:
    """How one journey came through."""
    (found,) = [each for each in rehearsed.judgement.recoveries if each.journey == journey]
    return found


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    """Asks the database of the primary what it lacks after the drill that this test performs."""
    return Auditor(tmp_path / "evidence", MUMBAI)


@allure.title("The zone of the primary is lost; RDS fails over by itself, and every acknowledged payment is there")
def test_no_acknowledged_payment_is_lost_with_the_zone_of_the_primary(drill: Rehearse, auditor: Auditor) -> None:
    """The standby held every commit; when the zone returns, a new standby is built in it."""
    rehearsed = drill("experiments/multi-az-az-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0
    assert recovery_of(rehearsed, "transfer").state == "restored"


@allure.title("An asynchronous standby is convicted of the payments that it never got")
def test_an_asynchronous_standby_is_convicted_of_loss(drill: Rehearse, auditor: Auditor) -> None:
    """A planted defect: RDS says that all went well, and a second of payments is gone."""
    rehearsed = drill("scenarios/sabotaged/asynchronous-standby.yaml", inspect=auditor, asynchronous_standby_s=1.0)

    assert convicted(rehearsed, "loss").startswith("Too much was lost")
    auditor.agrees_with(rehearsed)
    assert auditor.lost > 0


@pytest.mark.prove
@allure.title(
    "RebootDBInstance with ForceFailover: every acknowledged payment is there, and reads go on at the replica"
)
def test_no_acknowledged_payment_is_lost_by_a_forced_failover(drill: Rehearse, auditor: Auditor) -> None:
    """The primary is killed by RDS itself. Balances and statements are read from the replica, which nobody touches."""
    rehearsed = drill("experiments/multi-az-forced-failover.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0
    balance, transfer = recovery_of(rehearsed, "balance"), recovery_of(rehearsed, "transfer")
    assert balance.bad < transfer.bad, "reads suffered as payments did"


@pytest.mark.prove
@allure.title("A forced failover to an asynchronous standby is convicted of the payments that it never got")
def test_a_forced_failover_to_an_asynchronous_standby_is_convicted(drill: Rehearse, auditor: Auditor) -> None:
    """The same planted defect, met by RDS's own API."""
    rehearsed = drill("experiments/multi-az-forced-failover.yaml", inspect=auditor, asynchronous_standby_s=1.0)

    assert convicted(rehearsed, "loss").startswith("Too much was lost")
    auditor.agrees_with(rehearsed)
    assert auditor.lost > 0


@pytest.mark.prove
@allure.title("The zone of the standby is lost; payments pause, then go on, and none is lost")
def test_payments_go_on_without_the_standby(drill: Rehearse, auditor: Auditor) -> None:
    """Commits wait for a standby that is gone until RDS lets them go: nobody is told yes for what may be lost."""
    rehearsed = drill("experiments/multi-az-standby-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0


@pytest.mark.prove
@allure.title("Payments that pause for longer than was allowed are convicted")
def test_a_pause_longer_than_allowed_is_convicted(
    drill: Rehearse, auditor: Auditor, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """A synchronous standby costs a pause of about 3 s when it is lost: a bank that allows 1 s cannot have one."""
    original = pytestconfig.rootpath / "experiments" / "multi-az-standby-loss.yaml"
    rehearsed = drill(broken_copy(original, tmp_path, {"rto: 30 s": "rto: 1 s"}), inspect=auditor)

    assert convicted(rehearsed, "rto.transfer").startswith("RTO missed for transfer")
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0


@pytest.mark.prove
@allure.title("The read replica is lost; reads go on at the primary, and payments do not notice")
def test_reads_go_on_without_the_replica(drill: Rehearse, auditor: Auditor) -> None:
    """A worker whose read goes unanswered reads from the instance itself."""
    rehearsed = drill("experiments/multi-az-replica-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0
    assert recovery_of(rehearsed, "balance").state in ("restored", "never down")


@pytest.mark.prove
@allure.title("Reads that no database in Mumbai can answer are too late when Hyderabad answers them")
def test_reads_that_only_hyderabad_can_answer_are_convicted_of_the_rto(
    drill: Rehearse, auditor: Auditor, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """With the way to the instance cut as well, customers are sent to Hyderabad's replica: after some seconds, and 2 were allowed."""
    original = pytestconfig.rootpath / "experiments" / "multi-az-replica-loss.yaml"
    changes = {
        HOLD: f"{NOWHERE_TO_READ}{HOLD}      arguments:\n        limit_s: 10\n",
        "rollbacks:\n  - type": f"{OPEN_IT}  - type",
        "rto: 30 s": "rto: 2 s",
    }
    rehearsed = drill(broken_copy(original, tmp_path, changes), inspect=auditor)

    assert convicted(rehearsed, "rto.balance").startswith("RTO missed for balance")
    convicted(rehearsed, "rto.transfer")
    auditor.agrees_with(rehearsed)
    assert auditor.lost == 0
