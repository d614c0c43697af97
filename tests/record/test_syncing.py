"""Syncing the record from outside: files may appear, and an error of the disk is not swallowed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from drdrill.record.operations import OperationRecorder
from drdrill.record.syncing import sync_forever, synced


def test_every_round_asks_anew_which_files_there_are_and_there_is_a_last_round(tmp_path: Path) -> None:
    stop, rounds = threading.Event(), []

    def paths() -> list[Path]:
        rounds.append(len(rounds))
        if len(rounds) == 3:
            stop.set()
        return sorted(tmp_path.glob("*.ops"))

    sync_forever(paths, 0.001, stop)
    assert rounds in ([0, 1, 2], [0, 1, 2, 3])


def test_records_are_synced_while_they_are_written(tmp_path: Path) -> None:
    with synced(tmp_path, every_s=0.001), OperationRecorder.create(tmp_path / "a.ops", 1, "a", ["x"], ["none"]) as ops:
        for number in range(2000):
            ops.complete(ops.invoke(0, 0, 0, 1, -1, number, number + 1), 1, number + 2)


def test_an_error_of_the_disk_is_raised_when_the_block_ends(tmp_path: Path) -> None:
    (tmp_path / "gone.ops").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError), synced(tmp_path, every_s=0.001):
        pass
