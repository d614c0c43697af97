"""The damage of snapshots, put through the conformance kit in a lab that has some."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.conformance import check_fault
from tests.faults.conftest import TARGET

from drdrill.errors import BadInput
from drdrill.faults.catalogue import make_fault
from drdrill.faults.reach import Reach
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.fault import Fault
from drdrill.model.strategy import Strategy
from drdrill.record.marks import MarkBook
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

REGION = "ap-south-2"


@pytest.fixture(scope="module")
def copying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    """A reach into a lab whose first snapshot has been copied."""
    strategy = Strategy(data="snapshot-copy", application="pilot-light")
    settings = LabSettings(workers_per_region=2, strategy=strategy, time_scale=60)
    with Lab.open(TARGET, settings=settings) as lab:
        wait_until("a copy is whole", lambda: lab.control.whole_snapshots(REGION), limit_s=60)
        yield Reach.to(lab.estate, MarkBook(tmp_path_factory.mktemp("faults") / "marks.jsonl"))


def test_it_conforms(copying: Reach, tmp_path: Path) -> None:
    name = copying.lab.whole_snapshots(REGION)[0]
    parameters = {"region": REGION, "snapshots": [name]}

    def elsewhere(fault: Fault) -> list[str]:
        assert copying.estate.lab_dir is not None
        return [copying.estate.lab_dir, str(tmp_path / "marks.jsonl"), fault.name, json.dumps(fault.parameters())]

    check_fault(
        lambda: make_fault("snapshot-damage", parameters, copying),
        lambda: copying.lab.damage_snapshot(REGION, name, damaged=True),
        elsewhere,
    )


def test_a_snapshot_that_is_not_there_is_refused_before_any_is_damaged(copying: Reach) -> None:
    name = copying.lab.whole_snapshots(REGION)[0]
    fault = make_fault("snapshot-damage", {"region": REGION, "snapshots": [name, "nothing"]}, copying)
    with pytest.raises(BadInput, match="there is no whole snapshot 'nothing'"):
        fault.inject()
    assert not copying.lab.is_snapshot_damaged(REGION, name)
