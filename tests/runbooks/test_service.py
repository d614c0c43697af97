"""Live observation of the service, over records that a real recorder wrote."""

from pathlib import Path

from drdrill.model.drill import ServiceLevel
from drdrill.model.operation import Failure, Kind, Outcome
from drdrill.record.operations import OperationRecorder
from drdrill.runbooks.service import Served, served_now

S = 1_000_000_000
LEVEL = ServiceLevel()
NOW = 100 * S


def _record(folder: Path, outcomes: str, *, every_ns: int = 10_000_000, late_ns: int = 1_000_000) -> None:
    """One operation per letter, the last due one second before NOW: + acked, ? unknown, - refused, . unanswered, ~ late."""
    told = {"+": Outcome.ACKED, "?": Outcome.UNKNOWN, "-": Outcome.REFUSED, "~": Outcome.ACKED}
    with OperationRecorder.create(
        folder / "a.ops", 1, "a", ("balance",), ("none", "ap-south-1"), drill_id="d"
    ) as recorder:
        for number, letter in enumerate(outcomes):
            due_ns = NOW - S - (len(outcomes) - 1 - number) * every_ns
            op = recorder.invoke(0, Kind.READ, 0, 1, -1, due_ns, due_ns)
            if letter != ".":
                done_ns = due_ns + (2 * S if letter == "~" else late_ns)
                recorder.complete(op, told[letter], done_ns, 200, Failure.NONE, 1, 1)


def _seen(folder: Path, since_ns: int = 0) -> Served:
    return served_now(folder, ("balance",), LEVEL, now_ns=NOW, since_ns=since_ns)[0]


def test_nothing_recorded_is_not_served(tmp_path: Path) -> None:
    """Neither without a file, nor with operations that are too young to be late."""
    assert not _seen(tmp_path).met
    _record(tmp_path, "+" * 200)
    assert not served_now(tmp_path, ("balance",), LEVEL, now_ns=NOW, since_ns=NOW)[0].met


def test_all_good_is_served(tmp_path: Path) -> None:
    _record(tmp_path, "+" * 200)
    assert _seen(tmp_path) == Served(journey="balance", due=100, bad=0, met=True)


def test_one_bad_in_a_hundred_meets_99_percent_and_two_do_not(tmp_path: Path) -> None:
    _record(tmp_path, "+" * 199 + "?")
    assert _seen(tmp_path).met
    worse = tmp_path / "b"
    worse.mkdir()
    _record(worse, "+" * 198 + "??")
    assert not _seen(worse).met


def test_refused_unanswered_and_late_are_bad(tmp_path: Path) -> None:
    _record(tmp_path, "+" * 190 + "-----..~~~")
    assert _seen(tmp_path).bad == 10


def test_a_journey_that_went_silent_is_not_served(tmp_path: Path) -> None:
    """Its old operations were good, but nothing was due in the newest window."""
    _record(tmp_path, "+" * 200)
    assert not served_now(tmp_path, ("balance",), LEVEL, now_ns=NOW + 5 * S)[0].met


def test_only_what_was_due_since_then_counts(tmp_path: Path) -> None:
    """After a recovery the outage must not count against it."""
    _record(tmp_path, "?" * 100 + "+" * 50)
    assert not _seen(tmp_path).met
    assert _seen(tmp_path, since_ns=NOW - S - 50 * 10_000_000).met


def test_one_bad_of_four_is_not_clean(tmp_path: Path) -> None:
    """Too few to breach 99 % of a hundred, and far too bad to be called restored."""
    _record(tmp_path, "+++?")
    assert _seen(tmp_path).met
    assert not _seen(tmp_path).clean
