"""One lab for all tests of faults: each leaves it sound, which is what is being tested."""

from collections.abc import Iterator
from pathlib import Path
from tomllib import loads

import pytest

from drdrill.aws.multi_az import describe_multi_az
from drdrill.faults.reach import Reach
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target
from drdrill.record.marks import MarkBook
from drdrill.waiting import wait_until

TARGET = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))


@pytest.fixture(scope="module")
def zoned_reach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    """A reach into a freshly opened lab with availability zones."""
    settings = LabSettings(strategy=Strategy(data="multi-az", application="warm-standby"), workers_per_region=2)
    with Lab.open(TARGET, settings=settings) as lab:
        reach = Reach.to(lab.estate, MarkBook(tmp_path_factory.mktemp("faults") / "marks.jsonl"))
        wait_until("a standby protects", lambda: describe_multi_az(reach.aws).protected, limit_s=30)
        yield reach


@pytest.fixture(scope="module")
def reach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    """A reach into a freshly opened lab."""
    folder = tmp_path_factory.mktemp("faults")
    with Lab.open(TARGET, settings=LabSettings(workers_per_region=2), progress=lambda _: None) as lab:
        yield Reach.to(lab.estate, MarkBook(folder / "marks.jsonl"))
