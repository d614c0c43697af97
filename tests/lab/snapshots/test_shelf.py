"""A snapshot is whole when its record is there, and not before; damage is a pair."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drdrill.errors import EstateError
from drdrill.lab.snapshots.shelf import ARCHIVE, Shelf, Snapshot

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def lay(shelf: Shelf, name: str, minutes_ago: int = 0) -> Snapshot:
    cut_at = NOON - timedelta(minutes=minutes_ago)
    snapshot = Snapshot(identifier=name, status="available", made_at=cut_at, cut_at=cut_at, bytes_done=9, bytes_total=9)
    shelf.place(name).mkdir()
    (shelf.place(name) / ARCHIVE).write_bytes(bytes(range(256)) * 64)
    shelf.keep(snapshot)
    return snapshot


def test_the_newest_comes_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    older, newest = lay(shelf, "b-older", 15), lay(shelf, "a-newest")
    assert shelf.whole() == [newest, older]


def test_one_without_its_record_is_a_half(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.place("half").mkdir()
    (shelf.place("half") / ARCHIVE).write_bytes(b"a part of it")
    assert shelf.whole() == []
    assert shelf.halves() == ["half"]


def test_damage_turns_bits_once_and_mending_turns_them_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    lay(shelf, "one")
    archive = shelf.place("one") / ARCHIVE
    sound = archive.read_bytes()
    shelf.damage("one")
    shelf.damage("one")
    damaged = archive.read_bytes()
    assert shelf.is_damaged("one") and damaged != sound and len(damaged) == len(sound)
    shelf.mend("one")
    shelf.mend("one")
    assert not shelf.is_damaged("one") and archive.read_bytes() == sound


def test_a_snapshot_that_is_not_there_cannot_be_damaged_and_need_not_be_mended(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.mend("nothing")
    with pytest.raises(EstateError, match="there is no snapshot nothing"):
        shelf.damage("nothing")


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", "."])
def test_a_name_cannot_lead_off_the_shelf(name: str, tmp_path: Path) -> None:
    with pytest.raises(EstateError, match="is not a name"):
        Shelf(tmp_path).place(name)


@pytest.mark.parametrize(
    ("done", "total", "status", "percent"),
    [(0, None, "creating", 0), (5, 10, "creating", 50), (10, 10, "creating", 99), (10, 10, "available", 100)],
)
def test_a_hundred_percent_is_said_only_of_what_is_available(
    done: int, total: int | None, status: str, percent: int
) -> None:
    told = {"identifier": "x", "status": status, "made_at": NOON, "bytes_done": done, "bytes_total": total}
    assert Snapshot.model_validate(told).percent == percent
