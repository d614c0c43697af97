"""Records that change hands: what arrives is what was given, or it stays out and is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.errors import BadInput
from drdrill.model.history import ClockReading
from drdrill.record.clock_readings import ClockBook, clock_book_of
from drdrill.traffic.hand_over import Collected, Receipt, collect, hand_over
from drdrill.traffic.place import Folder, place_of

DRILL = "drill-1"


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "place" / DRILL)


def record(root: Path, name: str = "locust-0", recorder: int = 2) -> Path:
    root.mkdir(exist_ok=True)
    path = root / f"{name}.ops"
    path.write_bytes(b"a record " * 1000)
    book = ClockBook(clock_book_of(path), DRILL, recorder)
    for at_ns in (5, 6):
        book.add(ClockReading(at_ns=at_ns, offset_ns=at_ns + 1, error_ns=at_ns + 2))
    return path


def taken(
    place: Folder, root: Path, wanted: dict[int, str] | None = None, limit_s: float = 0.2
) -> tuple[Collected, list[str]]:
    told: list[str] = []
    (root / "operations").mkdir(exist_ok=True)
    wanted = {2: "locust-0"} if wanted is None else wanted
    return collect(place, DRILL, wanted, root / "operations", limit_s=limit_s, tell=told.append), told


def arrived(root: Path) -> set[str]:
    return {path.name for path in (root / "operations").iterdir()}


def test_a_record_arrives_with_its_readings_and_its_receipt(tmp_path: Path, place: Folder) -> None:
    given = record(tmp_path / "worker")
    receipt = hand_over(place, given, DRILL, 2)
    collected, told = taken(place, tmp_path)
    assert (collected.came, collected.missing, told) == (["locust-0"], {}, [])
    assert arrived(tmp_path) == {"locust-0.ops", "locust-0.clock.jsonl", "locust-0.receipt.json"}
    assert (tmp_path / "operations" / "locust-0.ops").read_bytes() == given.read_bytes()
    assert (receipt.readings, receipt.first_offset_ns, receipt.last_offset_ns, receipt.worst_error_ns) == (2, 6, 7, 8)
    assert place.names() == frozenset(), "it was moved"


def test_without_a_receipt_nothing_was_handed_over(tmp_path: Path, place: Folder) -> None:
    place.put(record(tmp_path / "worker"), "locust-0.ops")
    collected, _ = taken(place, tmp_path)
    assert collected.missing == {2: "its record was not handed over within 0.2 s"}
    assert arrived(tmp_path) == set()


@pytest.mark.parametrize("name", ["locust-0.ops", "locust-0.clock.jsonl"])
def test_what_differs_from_its_receipt_stays_out(tmp_path: Path, place: Folder, name: str) -> None:
    hand_over(place, record(tmp_path / "worker"), DRILL, 2)
    path = tmp_path / "place" / DRILL / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    collected, _ = taken(place, tmp_path)
    assert f"{name} is not what was handed over" in collected.missing[2]
    assert arrived(tmp_path) == set()
    assert name in place.names(), "it is kept for whoever looks into it"


def test_a_file_that_the_receipt_names_and_nobody_gave_is_missed(tmp_path: Path, place: Folder) -> None:
    hand_over(place, record(tmp_path / "worker"), DRILL, 2)
    place.remove("locust-0.ops")
    collected, _ = taken(place, tmp_path)
    assert collected.missing == {2: "locust-0.ops was not handed over, although its receipt was"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"drill_id": "drill-0"}, "what was handed over is of the drill 'drill-0'"),
        ({"recorder": 3}, "its receipt is that of recorder 3, locust-0"),
        ({"files": ()}, "its receipt names no file, where locust-0.ops is wanted"),
    ],
)
def test_a_receipt_of_something_else_is_refused(
    tmp_path: Path, place: Folder, changed: dict[str, object], told: str
) -> None:
    receipt = hand_over(place, record(tmp_path / "worker"), DRILL, 2).model_copy(update=changed)
    paper = tmp_path / "place" / DRILL / "locust-0.receipt.json"
    paper.write_text(receipt.model_dump_json())
    assert taken(place, tmp_path)[0].missing == {2: told}


def test_a_receipt_that_would_leave_the_folder_is_refused(tmp_path: Path, place: Folder) -> None:
    """A worker is trusted with the load, and not with the drill's disk."""
    receipt = hand_over(place, record(tmp_path / "worker"), DRILL, 2)
    files = (receipt.files[0], receipt.files[1].model_copy(update={"name": "../../plan.json"}))
    paper = tmp_path / "place" / DRILL / "locust-0.receipt.json"
    paper.write_text(Receipt(**{**receipt.__dict__, "files": files}).model_dump_json())
    assert "where locust-0.ops is wanted" in taken(place, tmp_path)[0].missing[2]
    assert arrived(tmp_path) == set()


def test_garbage_instead_of_a_receipt_is_refused(tmp_path: Path, place: Folder) -> None:
    hand_over(place, record(tmp_path / "worker"), DRILL, 2)
    (tmp_path / "place" / DRILL / "locust-0.receipt.json").write_text("{}")
    assert "its receipt cannot be read" in taken(place, tmp_path)[0].missing[2]


def test_what_nobody_expected_is_left_and_told(tmp_path: Path, place: Folder) -> None:
    for index in (0, 7):
        hand_over(place, record(tmp_path / "worker", f"locust-{index}", 2 + index), DRILL, 2 + index)
    collected, told = taken(place, tmp_path)
    assert collected.came == ["locust-0"]
    assert len(told) == 3
    assert all("nobody here expected it: locust-7" in sentence for sentence in told)


def test_each_is_taken_when_it_comes_and_the_others_are_named(tmp_path: Path, place: Folder) -> None:
    hand_over(place, record(tmp_path / "worker"), DRILL, 2)
    collected, _ = taken(place, tmp_path, {2: "locust-0", 3: "locust-1"})
    assert (collected.came, set(collected.missing)) == (["locust-0"], {3})


def test_a_place_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where a folder is wanted")
    collected, _ = taken(Folder(tmp_path / "place" / DRILL), tmp_path)
    assert "the place where records are handed over could not be read" in collected.missing[2]


@pytest.mark.parametrize("url", ["ftp://there/x", "s3://", ""])
def test_a_place_is_a_folder_or_a_bucket(url: str) -> None:
    with pytest.raises(BadInput, match="neither a folder nor"):
        place_of(url, DRILL)


def test_a_folder_may_be_written_as_a_path_or_a_url(tmp_path: Path) -> None:
    place_of(str(tmp_path), DRILL).put(record(tmp_path / "worker"), "a.ops")
    assert place_of(f"file://{tmp_path}", DRILL).names() == frozenset({"a.ops"})
