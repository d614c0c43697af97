"""What every fault must do, whatever it is: the list that each member of the catalogue is put through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from drdrill.errors import Unprovable
from drdrill.model.fault import Fault

HEAL_ELSEWHERE = """
import json, sys
from pathlib import Path
from drdrill.faults.catalogue import make_fault
from drdrill.faults.reach import Reach
from drdrill.lab.control import LabControl
from drdrill.record.marks import MarkBook

lab_dir, marks, name, parameters = sys.argv[1:]
fault = make_fault(name, json.loads(parameters), Reach.to(LabControl.estate_of(lab_dir), MarkBook(Path(marks))))
fault.heal()
print(fault.prove_healed())
"""


def check_fault(make: Callable[[], Fault], half: Callable[[], object], elsewhere: Callable[[Fault], list[str]]) -> None:
    """Put one fault through the list. ``make`` makes it anew, ``half`` does the first half of its injection only,
    ``elsewhere`` gives the arguments with which another process heals it. The estate is sound before and after.
    """
    _heals_without_having_been_injected(make)
    _bites_and_says_so_only_then(make)
    _heals_twice(make)
    _heals_half_an_injection(make, half)
    _heals_from_another_process(make, elsewhere)


def _heals_without_having_been_injected(make: Callable[[], Fault]) -> None:
    fault = make()
    fault.heal()
    assert fault.prove_healed()


def _bites_and_says_so_only_then(make: Callable[[], Fault]) -> None:
    fault = make()
    with pytest.raises(Unprovable):
        fault.prove()
    fault.inject()
    assert fault.prove()
    fault.heal()
    assert fault.prove_healed()
    with pytest.raises(Unprovable):
        fault.prove()


def _heals_twice(make: Callable[[], Fault]) -> None:
    make().inject()
    for _ in range(2):
        make().heal()
        assert make().prove_healed()


def _heals_half_an_injection(make: Callable[[], Fault], half: Callable[[], object]) -> None:
    half()
    make().heal()
    assert make().prove_healed()


def _heals_from_another_process(make: Callable[[], Fault], elsewhere: Callable[[Fault], list[str]]) -> None:
    fault = make()
    fault.inject()
    assert fault.prove()
    words = [sys.executable, "-c", HEAL_ELSEWHERE, *elsewhere(fault)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert fault.prove_healed()
