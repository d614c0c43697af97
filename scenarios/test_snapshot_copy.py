"""Mumbai is lost while customers pay; the bank is made anew in Hyderabad from a snapshot, and its pilot light is scaled out."""

from pathlib import Path

import allure
import psycopg
import pytest
from scenarios.test_aurora_global import acked_transfers

from drdrill.model.estate import Estate
from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearse, Rehearsed

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Snapshot copy"),
    allure.label("strategy", "snapshot-copy"),
]

HYDERABAD = "ap-south-2"
SCALED_RTO, SCALED_RPO = "20 s at scale 1:60 (1200 s at full scale)", "15 s at scale 1:60 (900 s at full scale)"


class Auditor:
    """Counts what was lost by asking the bank itself: by SQL, from the raw slots of the record, without the judge."""

    def __init__(self, evidence: Path, region: str = HYDERABAD) -> None:
        self._evidence = evidence
        self._region = region
        self.operations = -1
        self.paise = -1

    def __call__(self, estate: Estate) -> None:
        """Count, while the estate is still open."""
        acked = acked_transfers(self._evidence)
        with psycopg.connect(estate.ledgers[self._region]) as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(paise), 0) FROM unnest(%s::bigint[], %s::bigint[]) AS acked(op, paise) "
                "WHERE NOT EXISTS (SELECT FROM transfers WHERE transfers.op_id = acked.op)",
                (list(acked), list(acked.values())),
            ).fetchone()
        assert row is not None
        self.operations, self.paise = row[0], int(row[1])

    def agrees_with(self, rehearsed: Rehearsed) -> None:
        """Demand that the report's loss is the one that was counted, and that there was something to count."""
        lost = rehearsed.judgement.loss.classes["lost"]
        assert (lost.operations, lost.paise) == (self.operations, self.paise)


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    """One who asks the bank in Hyderabad."""
    return Auditor(tmp_path / "evidence")


def told(rehearsed: Rehearsed, finding_id: str) -> str:
    """What a finding without an objective says."""
    finding = rehearsed.finding(finding_id)
    assert finding.verdict is Verdict.NOT_ASSESSED
    return finding.reason


def detail_of(rehearsed: Rehearsed, mark: str) -> dict[str, object]:
    """The detail of the first mark of this name."""
    return next(found.detail for found in rehearsed.judgement.marks if found.name == mark)


def convicted(rehearsed: Rehearsed, finding_id: str) -> str:
    """The sentence of a finding that must have failed."""
    finding = rehearsed.finding(finding_id)
    assert finding.verdict is Verdict.FAIL, f"{finding_id} is {finding.verdict}: {finding.reason}"
    return finding.reason


@allure.title("Mumbai is lost between two snapshots; the bank is made anew in Hyderabad within the scaled objectives")
def test_the_bank_is_made_anew_from_the_newest_snapshot(drill: Rehearse, auditor: Auditor) -> None:
    """RTO 20 minutes and RPO 15 minutes, as the mission states them, at a time scale of 60; the loss is that of the snapshot's age."""
    rehearsed = drill("experiments/snapshot-copy-region-loss.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.operations > 0, "nothing was lost, so nothing was compared"
    assert rehearsed.finding("rto.transfer").objective == SCALED_RTO
    assert rehearsed.finding("rpo").objective == SCALED_RPO
    assert "at the worst phase" in told(rehearsed, "snapshot-phase")
    assert told(rehearsed, "snapshot-used").endswith(", the newest")
    capacity = detail_of(rehearsed, "capacity.ready")
    assert (capacity["ready"], capacity["needed"]) == (5, 5)
    names = [mark.name for mark in rehearsed.judgement.marks]
    assert names.index("capacity.ready") < names.index("traffic.routed"), (
        "customers were let in before the capacity was known"
    )


@pytest.mark.prove
@allure.title("Mumbai is lost while a snapshot is being copied: the half copy is not used")
def test_a_half_copy_is_not_used(drill: Rehearse, auditor: Auditor) -> None:
    """The database is made from the snapshot before, and the report says so."""
    rehearsed = drill("experiments/snapshot-copy-half-copy.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    observed = detail_of(rehearsed, "snapshot.observed")
    (half,) = [mark for mark in rehearsed.judgement.marks if mark.name == "snapshot.unusable"]
    assert "it is creating" in str(half.detail["because"])
    assert half.detail["snapshot"] in told(rehearsed, "snapshot-used")
    assert detail_of(rehearsed, "snapshot.restored")["snapshot"] != half.detail["snapshot"]
    assert observed["interval_s"] == 15


@pytest.mark.prove
@allure.title("The newest snapshot is damaged: the monitor falls back to the one before, and says so")
def test_a_damaged_snapshot_is_noticed_and_the_one_before_is_used(drill: Rehearse, auditor: Auditor) -> None:
    """AWS calls it available; the database that is made from it fails."""
    rehearsed = drill("experiments/snapshot-copy-corrupt-newest.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    (damaged,) = [mark for mark in rehearsed.judgement.marks if mark.name == "snapshot.unusable"]
    assert "bank-books-hyderabad) is failed" in str(damaged.detail["because"])
    restored = detail_of(rehearsed, "snapshot.restored")
    assert restored["attempt"] == 2
    assert restored["snapshot"] != damaged.detail["snapshot"]
    assert f"not {damaged.detail['snapshot']}" in told(rehearsed, "snapshot-used")


@allure.title("The monitor alone loses sight of Mumbai: nothing is failed over")
def test_a_false_alarm_fails_nothing_over(drill: Rehearse, tmp_path: Path) -> None:
    """Its own two looks fail eight times in a row; Route 53's checkers see Mumbai alive, and so do the customers."""
    auditor = Auditor(tmp_path / "evidence", region="ap-south-1")
    rehearsed = drill("experiments/snapshot-copy-false-alarm.yaml", inspect=auditor)

    rehearsed.must_pass()
    auditor.agrees_with(rehearsed)
    assert auditor.operations == 0
    looked = detail_of(rehearsed, "monitor.looked")
    assert looked["phase"] == "watching"
    seen = looked["last_look"]
    assert isinstance(seen, dict)
    assert [str(seen[name]).split(":")[0] for name in ("front-door", "region-api", "checkers")] == [
        "down",
        "down",
        "up",
    ]
    assert "went on watching: nothing was failed over" in told(rehearsed, "monitor")
    assert "recovery.declared" not in {mark.name for mark in rehearsed.judgement.marks}


@pytest.mark.prove
@allure.title("A monitor that believes one look at one thing is convicted of the split brain that it makes")
def test_a_trigger_happy_monitor_is_convicted(
    drill: Rehearse, auditor: Auditor, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """The same cut; it makes a second bank while the first goes on paying, and all that the first acknowledges is lost."""
    target = tmp_path / "trigger-happy.toml"
    lab = (pytestconfig.rootpath / "targets" / "lab.toml").read_text()
    careful = ("monitor_threshold = 3", 'monitor_looks = ["front-door", "region-api", "checkers"]')
    assert all(line in lab for line in careful)
    target.write_text(
        lab.replace(careful[0], "monitor_threshold = 1").replace(careful[1], 'monitor_looks = ["front-door"]')
    )

    rehearsed = drill("scenarios/sabotaged/snapshot-trigger-happy.yaml", target=str(target), inspect=auditor)

    assert "sent after the disaster had bitten, acked, and lost" in convicted(rehearsed, "split-brain")
    auditor.agrees_with(rehearsed)
    assert auditor.operations > 100
    assert rehearsed.exit_status == 1


@pytest.mark.prove
@allure.title("Copies that have stopped are convicted of the RPO that they miss")
def test_copies_that_stopped_miss_the_rpo(drill: Rehearse, auditor: Auditor) -> None:
    """More than an interval is lost, and the phase says that the copies had fallen behind."""
    rehearsed = drill("scenarios/sabotaged/snapshot-copies-stop.yaml", inspect=auditor)

    assert "RPO missed" in convicted(rehearsed, "rpo")
    auditor.agrees_with(rehearsed)
    assert "fallen behind" in told(rehearsed, "snapshot-phase")
    assert rehearsed.finding("rpo").objective == SCALED_RPO


@pytest.mark.prove
@allure.title("An RPO of one interval cannot be kept by snapshots at that interval")
def test_an_rpo_of_one_interval_is_missed_during_a_copy(drill: Rehearse, auditor: Auditor) -> None:
    """The same disaster as in the experiment, held to the interval alone."""
    rehearsed = drill("scenarios/sabotaged/snapshot-half-copy.yaml", inspect=auditor)

    assert "RPO missed" in convicted(rehearsed, "rpo")
    auditor.agrees_with(rehearsed)


@pytest.mark.prove
@allure.title("A bank none of whose snapshots can be restored does not come back, and the report says so")
def test_a_bank_without_a_sound_snapshot_does_not_come_back(drill: Rehearse) -> None:
    """Every copy is tried once; the drill says which, and why not."""
    rehearsed = drill("scenarios/sabotaged/snapshots-all-damaged.yaml")

    assert "was not restored within" in convicted(rehearsed, "rto.balance")
    assert told(rehearsed, "snapshot-used").startswith("none: not ")
    assert rehearsed.exit_status == 1
