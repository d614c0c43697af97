"""Trees of processes are frozen, listed and killed as a whole, and do not outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from drdrill.lab import process_tree
from drdrill.waiting import wait_until

FAMILY = """
import subprocess, sys
child = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child])
import time; time.sleep(600)
"""

GUARDED_CHILD = """
import subprocess, time
from drdrill.lab.process_tree import dying_with_me
child = subprocess.Popen(["sleep", "600"], preexec_fn=dying_with_me())
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def family() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", FAMILY]) as handle:
        root = psutil.Process(handle.pid)
        wait_until("there are three generations", lambda: len(process_tree.tree([root])) == 3, limit_s=10)
        yield root
        process_tree.kill([root])


def test_a_whole_tree_is_frozen_and_thawed(family: psutil.Process) -> None:
    frozen = process_tree.freeze([family])
    assert len(frozen) == 3
    assert {process.status() for process in frozen} == {psutil.STATUS_STOPPED}
    process_tree.thaw([family])
    assert psutil.STATUS_STOPPED not in {process.status() for process in frozen}


def test_a_whole_tree_is_killed(family: psutil.Process) -> None:
    everybody = process_tree.tree([family])
    killed = process_tree.kill([family])
    assert {process.pid for process in killed} == {process.pid for process in everybody}
    assert not any(process_tree.is_alive(process) for process in everybody)


def test_killing_what_is_already_dead_is_nothing(family: psutil.Process) -> None:
    process_tree.kill([family])
    assert process_tree.kill([family]) == []


def test_a_child_dies_with_its_parent_even_by_sigkill() -> None:
    with subprocess.Popen([sys.executable, "-c", GUARDED_CHILD], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    wait_until("the child is gone", lambda: not process_tree.is_alive(child), limit_s=5)
