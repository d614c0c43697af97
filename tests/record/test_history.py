"""A closed history is whole, or it says how it is not: no file can change without a sentence."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drdrill.errors import BadInput
from drdrill.model.chain import Chain
from drdrill.model.operation import Kind, Outcome
from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances, Survivors
from drdrill.plan import read_plan
from drdrill.record.folder import RecordFolder
from drdrill.record.history import close_history, history_digest, load_history
from drdrill.record.marks import MarkBook
from drdrill.record.operations import OperationRecorder
from drdrill.record.survivors import save_survivors

ROOT = Path(__file__).parents[2]
JOURNEYS = ("balance", "transfer", "statement")
REGIONS = ("none", "ap-south-1", "ap-south-2")


def record(folder: RecordFolder, drill_id: str, number: int = 1) -> None:
    recorder = OperationRecorder.create(
        folder.operations / f"recorder-{number}.ops", number, "prober", JOURNEYS, REGIONS, drill_id=drill_id
    )
    with recorder:
        op_id = recorder.invoke(1, Kind.WRITE, 100, 1, 2, 10, 11)
        recorder.complete(op_id, Outcome.ACKED, 12, status=200, region=1, seen_seq=1)
        recorder.invoke(1, Kind.WRITE, 100, 1, 2, 20, 21)


def survivors() -> Survivors:
    entries = np.array([(1, 1 << 40, 1, -100, 1), (2, 1 << 40, 2, 100, 1)], dtype=ENTRY)
    accounts = np.array([(1, 1000, 900, 0, 1), (2, 1000, 1100, 0, 1)], dtype=ACCOUNT)
    circumstances = ReadCircumstances(
        store="PostgreSQL",
        region="ap-south-2",
        authoritative=True,
        began_ns=50,
        ended_ns=60,
        writers_stopped_ns=40,
        last_deadline_ns=45,
        open_transactions=0,
        digest_first="a",
        digest_second="a",
    )
    return Survivors(circumstances, entries, accounts)


@pytest.fixture
def closed(tmp_path: Path) -> RecordFolder:
    experiment = ROOT / "experiments" / "aurora-global-region-loss.yaml"
    drill = read_plan(experiment, ROOT / "targets" / "lab.toml")
    folder = RecordFolder.create(tmp_path, drill.drill_id)
    folder.plan.write_text(drill.model_dump_json())
    folder.experiment.write_bytes(experiment.read_bytes())
    MarkBook(folder.marks).add("drill.started", "test")
    record(folder, drill.drill_id)
    save_survivors(folder.survivors, 1, survivors())
    folder.journal.write_text(
        '{"run": [{"activity": {"provider": {"type": "python", "module": "m", "func": "f"}}, "status": "succeeded"}],'
        ' "rollbacks": [], "steady_states": {"before": null, "after": null, "during": []}}'
    )
    close_history(folder)
    return folder


def test_what_was_recorded_is_read_back(closed: RecordFolder) -> None:
    history = load_history(closed)
    assert history.problems == ()
    assert list(history.operations["outcome"]) == [Outcome.ACKED, Outcome.UNKNOWN]
    assert history.regions == REGIONS
    assert history.survivors[0].entries["amount_paise"].tolist() == [-100, 100]
    assert history.journal is not None
    assert history.journal[0].activity == "m.f"
    assert history_digest(closed)


def test_a_change_in_any_file_is_named(closed: RecordFolder) -> None:
    for path in [p for p in closed.root.rglob("*") if p.is_file() and p != closed.history and p != closed.plan]:
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        assert any(path.name in problem for problem in load_history(closed).problems), path
        path.write_bytes(before)
    assert load_history(closed).problems == ()


def test_a_file_that_went_or_came_is_named(closed: RecordFolder) -> None:
    (closed.survivors / "1.json").rename(closed.root / "kept")
    assert any("1.json is missing" in problem for problem in load_history(closed).problems)
    (closed.root / "kept").rename(closed.survivors / "1.json")
    record(closed, load_history(closed).drill.drill_id, number=2)
    assert any("recorder-2.ops is not part" in problem for problem in load_history(closed).problems)


def test_a_digest_list_that_was_rewritten_contradicts_itself(closed: RecordFolder) -> None:
    closed.history.write_text(closed.history.read_text().replace('"bytes": ', '"bytes": 1', 1))
    assert any("contradicts itself" in problem for problem in load_history(closed).problems)


def test_a_history_that_was_never_closed_says_so(closed: RecordFolder) -> None:
    closed.history.unlink()
    assert load_history(closed).problems == ("the history was never closed: history.json is missing",)


def test_of_two_records_with_one_number_none_is_believed(closed: RecordFolder) -> None:
    first = closed.operations / "recorder-1.ops"
    (closed.operations / "recorder-9.ops").write_bytes(first.read_bytes())
    record(closed, load_history(closed).drill.drill_id, number=2)
    close_history(closed)
    history = load_history(closed)
    assert set(history.operations["op_id"] >> 40) == {2}
    by_number = {recorder.number: recorder for recorder in history.recorders}
    assert by_number[1].unusable.startswith("recorder-1.ops and recorder-9.ops both claim recorder number 1")
    assert (by_number[1].closed, by_number[2].unusable) == (False, "")


def test_another_drills_record_is_left_out_and_takes_nothing_from_ours(closed: RecordFolder) -> None:
    ours = closed.operations / "recorder-1.ops"
    kept = ours.read_bytes()
    ours.unlink()
    record(closed, "another-drill", number=1)
    ours.rename(closed.operations / "foreign.ops")
    ours.write_bytes(kept)
    close_history(closed)
    history = load_history(closed)
    assert len(history.operations) == 2
    assert [recorder.unusable for recorder in history.recorders] == [""]
    assert any("foreign.ops is of the drill 'another-drill'" in problem for problem in history.problems)


def test_the_files_of_several_recorders_are_mapped_and_read_as_one(closed: RecordFolder) -> None:
    record(closed, load_history(closed).drill.drill_id, number=2)
    close_history(closed)
    history = load_history(closed)
    assert history.problems == ()
    assert history.operations["op_id"].tolist() == [(1 << 40), (1 << 40) + 1, (2 << 40), (2 << 40) + 1]
    assert isinstance(history.operations, Chain)
    assert [_is_mapped(piece) for piece in history.operations.pieces] == [True, True]


def _is_mapped(rows: Any) -> bool:
    while isinstance(rows, np.ndarray):
        rows = rows.base
    return isinstance(rows, mmap.mmap)


def test_a_folder_that_is_no_evidence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not an evidence folder"):
        RecordFolder.existing(tmp_path)
