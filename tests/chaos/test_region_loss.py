"""The first experiment, played by the executor on a real lab; and what a signal in the middle of it leaves."""

import json
import signal
import time
from pathlib import Path

import pytest
import yaml
from tests.chaos.bare import ROOT, open_bare_drill, start_executor

from drdrill.aws.clients import AwsClients
from drdrill.aws.lag import newest_lag
from drdrill.errors import Unprovable
from drdrill.faults.reach import Reach
from drdrill.faults.region_loss import RegionLoss
from drdrill.model.estate import Session
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import MarkBook, read_marks
from drdrill.runbooks.service import served_now
from drdrill.safety.heal import undo_book
from drdrill.safety.session import plan_of
from drdrill.waiting import wait_until

EXPERIMENT = ROOT / "experiments" / "aurora-global-region-loss.yaml"
RUNBOOK = [
    "fault.requested",
    "fault.proved",
    "outage.detected",
    "recovery.declared",
    "database.writable",
    "traffic.routed",
    "service.restored",
    "fence.proved",
    "fault.healed",
]


def _names(folder: RecordFolder) -> list[str]:
    return [mark.name for mark in read_marks(folder.marks)[0]] if folder.marks.exists() else []


def _both_books_agree(folder: RecordFolder) -> bool:
    """Every activity in the journal has its mark, with the same end, and the reverse."""
    journal = json.loads(folder.journal.read_text())
    before = (journal["steady_states"]["before"] or {"probes": []})["probes"]
    runs = [*before, *journal["run"], *journal["rollbacks"]]
    told = [
        (f"{run['activity']['provider']['module']}.{run['activity']['provider']['func']}", run["status"] == "succeeded")
        for run in runs
    ]
    ended = [mark for mark in read_marks(folder.marks)[0] if mark.name == "activity.ended"]
    return told == [(mark.detail["activity"], mark.detail["ok"]) for mark in ended]


def _wait_until_served(session: Session, folder: RecordFolder) -> None:
    """The same look as the steady-state probe's: a lab that has just been opened may answer its first reads late."""
    plan = plan_of(session)
    journeys, level = tuple(plan.traffic.journeys), plan.service_level

    def served() -> bool:
        return all(each.met for each in served_now(folder.operations, journeys, level, now_ns=time.monotonic_ns()))

    wait_until("every journey is served", served, limit_s=60)


@pytest.mark.lab
def test_mumbai_is_lost_and_comes_back_fenced(tmp_path: Path) -> None:
    with open_bare_drill(tmp_path, EXPERIMENT) as (session, folder, lab):
        _wait_until_served(session, folder)
        _wait_for_a_lag(session)
        assert start_executor(EXPERIMENT, folder).wait(180) == 0, (folder.logs / "performer.log").read_text()
        names = [name for name in _names(folder) if name in RUNBOOK]
        assert names == RUNBOOK
        assert _both_books_agree(folder)
        assert undo_book(session).open_undos() == ()
        assert lab.control.database("ap-south-2").accepts_writes
        assert not lab.control.database("ap-south-1").accepts_writes


@pytest.mark.lab
def test_a_signal_in_the_middle_heals(tmp_path: Path) -> None:
    """SIGTERM while it waits for the detection: exit 5, rollbacks played, nothing open, and a journal."""
    document = yaml.safe_load(EXPERIMENT.read_text())
    document.pop("steady-state-hypothesis")
    experiment = tmp_path / "experiment.yaml"
    experiment.write_text(yaml.safe_dump(document))
    with open_bare_drill(tmp_path, experiment) as (session, folder, lab):
        executor = start_executor(experiment, folder)
        wait_until("the fault is proved", lambda: "fault.proved" in _names(folder), limit_s=60)
        executor.send_signal(signal.SIGTERM)
        assert executor.wait(120) == 5
        assert undo_book(session).open_undos() == ()
        assert _both_books_agree(folder)
        # Hyderabad was never promoted, so Mumbai is the primary again, without a fence.
        assert "fence.proved" not in _names(folder)
        assert lab.control.database("ap-south-1").accepts_writes


@pytest.mark.lab
def test_a_fence_that_cannot_be_proved_keeps_the_isolation(tmp_path: Path) -> None:
    """A region that would come back writing stays cut off, and the record says so."""
    with open_bare_drill(tmp_path, EXPERIMENT) as (session, folder, _lab):
        reach = Reach.to(session.estate, MarkBook(folder.marks))

        class Unfenced(RegionLoss):
            """A heal whose fence never holds."""

            def _needs_fence(self) -> bool:
                return True

            def _fence_holds(self) -> bool:
                return False

        fault = Unfenced(reach, region="ap-south-1")
        fault.inject()
        with pytest.raises(Unprovable, match="ap-south-1 stays isolated"):
            fault.heal()
        assert "heal.refused" in _names(folder)
        touching = reach.lab.links_touching("ap-south-1")
        assert {reach.lab.links()[name].mode for name in touching} == {"blackhole"}
        assert reach.lab.is_dark("ap-south-1")


def _wait_for_a_lag(session: Session) -> None:
    clients = AwsClients(session.estate)
    wait_until("a lag is reported", lambda: newest_lag(clients, "ap-south-2"), limit_s=10)
