"""One lab for all tests of faults: each leaves it sound, which is what is being tested."""

from collections.abc import Iterator
from pathlib import Path
from tomllib import loads

import pytest

from drdrill.faults.reach import Reach
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.target import Target
from drdrill.record.marks import MarkBook

TARGET = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))


@pytest.fixture(scope="module")
def reach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    """A reach into a freshly opened lab."""
    folder = tmp_path_factory.mktemp("faults")
    with Lab.open(TARGET, settings=LabSettings(workers_per_region=2), progress=lambda _: None) as lab:
        yield Reach.to(lab.estate, MarkBook(folder / "marks.jsonl"))
