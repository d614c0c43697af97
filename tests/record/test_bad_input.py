"""Bad input, one file at a time: a drill that passes, spoilt, is told in one clear sentence, and judged unknown. Never a pass, never a fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.record.evidence import STORY, evidence, write_operations

from drdrill.errors import BadInput
from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.judgement import Judgement, Verdict
from drdrill.model.operation import OPERATION, State
from drdrill.record.columns import export_columns
from drdrill.record.folder import RecordFolder
from drdrill.record.history import close_history, load_history
from drdrill.record.operations import HEADER_BYTES, MAX_RECORDER, SLOT_BYTES

DRDRILL = Path(sys.executable).parent / "drdrill"

Spoil = Callable[[RecordFolder], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RecordFolder:
    return evidence(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(whole: RecordFolder, tmp_path: Path) -> RecordFolder:
    shutil.copytree(whole.root, tmp_path / "evidence")
    return RecordFolder(tmp_path / "evidence")


def ops(folder: RecordFolder) -> Path:
    return folder.operations / "prober.ops"


def in_file(path: Path, at: int, value: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(value)


def slots(change: Callable[[np.ndarray[Any, Any]], None]) -> Spoil:
    def spoil(folder: RecordFolder) -> None:
        held = np.memmap(ops(folder), dtype=OPERATION, mode="r+", offset=HEADER_BYTES)
        change(held)
        held.flush()

    return spoil


def cut(name: str, to: int) -> Spoil:
    return lambda folder: os.truncate(folder.root / name, to)


def cut_by(name: str, by: int) -> Spoil:
    return lambda folder: os.truncate(folder.root / name, (folder.root / name).stat().st_size - by)


def without_column(name: str, column: str) -> Spoil:
    def spoil(folder: RecordFolder) -> None:
        path = folder.root / name
        pq.write_table(pq.read_table(path).drop_columns([column]), path)

    return spoil


def with_column_as(name: str, column: str, kind: str) -> Spoil:
    def spoil(folder: RecordFolder) -> None:
        path = folder.root / name
        table = pq.read_table(path)
        place = table.column_names.index(column)
        pq.write_table(table.set_column(place, column, table.column(column).cast(kind)), path)

    return spoil


def of_another_drill(name: str) -> Spoil:
    def spoil(folder: RecordFolder) -> None:
        path = folder.root / name
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata({b"drdrill.drill_id": b"another"}), path)

    return spoil


def header(change: dict[str, Any]) -> Spoil:
    def spoil(folder: RecordFolder) -> None:
        block = ops(folder).read_bytes()[:HEADER_BYTES]
        told = json.loads(block[32 : 32 + int.from_bytes(block[12:16], "little")])
        text = json.dumps({**told, **change}, sort_keys=True).encode()
        in_file(ops(folder), 12, len(text).to_bytes(4, "little"))
        in_file(ops(folder), 32, text)

    return spoil


def at_bytes(at: int, value: bytes) -> Spoil:
    return lambda folder: in_file(ops(folder), at, value)


def foreign_record(folder: RecordFolder) -> None:
    write_operations(folder, story(STORY), name="locust-0", number=2, drill_id="another")


def foreign_instead(folder: RecordFolder) -> None:
    ops(folder).unlink()
    write_operations(folder, story(STORY), drill_id="another")


def same_number_twice(folder: RecordFolder) -> None:
    write_operations(folder, story("transfer every 0.05: 80..95+~0.01"), name="locust-0", number=1)


def died(folder: RecordFolder) -> None:
    in_file(ops(folder), 24, bytes(8))


def died_with_half_an_invocation(folder: RecordFolder) -> None:
    died(folder)
    with ops(folder).open("ab") as file:
        half = np.zeros(1, dtype=OPERATION)
        half["op_id"], half["amount_paise"] = (1 << 40) + 1000, 5
        half.tofile(file)


def half_a_completion(slots: np.ndarray[Any, Any]) -> None:
    slots["state"][-1] = State.INVOKED


def clock_back(slots: np.ndarray[Any, Any]) -> None:
    for name in ("due_ns", "sent_ns", "done_ns"):
        slots[name][500:] -= 200_000_000


def marks_back(folder: RecordFolder) -> None:
    lines = folder.marks.read_text().splitlines()
    mark = json.loads(lines[-1])
    folder.marks.write_text(
        "\n".join([*lines[:-1], json.dumps({**mark, "at_ns": mark["at_ns"] - 60_000_000_000})]) + "\n"
    )


def field(name: str, where: slice | int, value: int) -> Spoil:
    def change(slots: np.ndarray[Any, Any]) -> None:
        slots[name][where] = value

    return slots(change)


ENTRIES, ACCOUNTS = "survivors/1.entries.parquet", "survivors/1.accounts.parquet"

TABLE: dict[str, tuple[Spoil, str]] = {
    # A missing column, or one that is another
    "entries without a column": (
        without_column(ENTRIES, "amount_paise"),
        "1.entries.parquet lacks the columns amount_paise",
    ),
    "accounts without a column": (without_column(ACCOUNTS, "seq"), "1.accounts.parquet lacks the columns seq"),
    "a column of another type": (
        with_column_as(ENTRIES, "op_id", "float64"),
        "1.entries.parquet has op_id as double, and not as int64",
    ),
    # A truncated file
    "entries cut": (cut_by(ENTRIES, 100), "1.entries.parquet is damaged, or no Parquet"),
    "entries empty": (cut(ENTRIES, 0), "1.entries.parquet is damaged, or no Parquet"),
    "circumstances cut": (cut("survivors/1.json", 20), "the survivors cannot be read"),
    "record cut between operations": (
        cut_by("operations/prober.ops", 2 * SLOT_BYTES),
        "prober.ops was closed with 1000 operations, and holds 998",
    ),
    "record cut within an operation": (
        cut_by("operations/prober.ops", 30),
        "prober.ops is cut in the middle of an operation: 34 bytes of it are left",
    ),
    "record cut within the header": (
        cut("operations/prober.ops", 100),
        "prober.ops is not a record: it holds 100 bytes, less than a header",
    ),
    "marks cut": (cut_by("marks.jsonl", 9), "of marks.jsonl was torn by the death of its writer"),
    "journal cut": (cut("journal.json", 20), "journal.json cannot be read"),
    # Somebody else's
    "a foreign drill's record beside ours": (foreign_record, "locust-0.ops is of the drill 'another', and this one is"),
    "a foreign drill's record instead of ours": (
        foreign_instead,
        "prober.ops is of the drill 'another', and this one is",
    ),
    "a foreign drill's survivors": (
        of_another_drill(ENTRIES),
        "1.entries.parquet is of the drill 'another', and this one is",
    ),
    "two recorders with one number": (
        same_number_twice,
        "locust-0.ops and prober.ops both claim recorder number 1, so what they hold is not judged",
    ),
    "a number that is out of range": (
        header({"number": MAX_RECORDER + 1}),
        f"recorder number {MAX_RECORDER + 1} is not between 1 and {MAX_RECORDER}",
    ),
    "another recorder's number": (
        header({"number": 7}),
        "prober.ops says that it is recorder 7's, and its operations are recorder 1's",
    ),
    "another magic": (at_bytes(0, b"PARQUET1"), "prober.ops is not a record: it begins with b'PARQUET1'"),
    "another version": (at_bytes(8, b"\x09"), "prober.ops is of version 9, and this drdrill reads version 1"),
    "no magic yet": (at_bytes(0, bytes(8)), "prober.ops has no header: its writer died before it sent anything"),
    "a torn header": (at_bytes(60, bytes(20)), "the header of prober.ops is damaged"),
    # The recorder died
    "never closed": (died, "recorder prober did not close its record"),
    "died in an invocation": (
        died_with_half_an_invocation,
        "prober.ops ends with 1 half-written operation, which its recorder died before it sent",
    ),
    "died in a completion": (
        slots(half_a_completion),
        "1 of the 1000 operations in prober.ops hold half a completion",
    ),
    # Slots that no recorder leaves
    "a hole": (field("state", 5, 0), "1 of the 1000 operations in prober.ops are holes in the sequence"),
    "an id that is not its own": (field("op_id", 5, 9), "carry an id that is not theirs; they are not judged"),
    "an outcome that there is not": (field("outcome", 5, 9), "hold values that no recorder writes"),
    # Time that goes back
    "done before it was sent": (
        field("done_ns", slice(5, 8), 1),
        "3 of the 1000 operations in prober.ops were done before they were sent; they are not judged",
    ),
    "sent before it was due": (
        field("due_ns", 5, 1 << 60),
        "1 of the 1000 operations in prober.ops were sent before they were due",
    ),
    "a recorder's clock goes back": (slots(clock_back), "the clock of prober.ops went back 3 times, by up to 0.15 s"),
    "the marks go back": (marks_back, "the marks in marks.jsonl go back in time"),
}


def reasons(judgement: Judgement) -> str:
    (record,) = (found for found in judgement.findings if found.id == "record")
    assert record.verdict is Verdict.UNKNOWN, record
    return record.reason


def test_the_drill_passes_while_nothing_is_spoilt(folder: RecordFolder) -> None:
    assert judge(load_history(folder)).verdict is Verdict.PASS


@pytest.mark.parametrize("case", TABLE)
def test_what_was_spoilt_before_the_history_closed_is_told_and_unknown(folder: RecordFolder, case: str) -> None:
    spoil, sentence = TABLE[case]
    spoil(folder)
    close_history(folder)
    judgement = judge(load_history(folder))
    assert sentence in reasons(judgement)
    assert judgement.verdict is Verdict.UNKNOWN, [str(found) for found in judgement.findings if found.verdict == "fail"]
    assert "Traceback" not in reasons(judgement)


@pytest.mark.parametrize("case", TABLE)
def test_what_was_spoilt_afterwards_is_convicted_by_its_digest(folder: RecordFolder, case: str) -> None:
    spoil, sentence = TABLE[case]
    spoil(folder)
    told = reasons(judge(load_history(folder)))
    assert sentence in told
    assert "its SHA-256 differs" in told or "is not part of the closed history" in told


COLUMNS: dict[str, tuple[Spoil, str]] = {
    "a missing column": (
        without_column("columns/prober.parquet", "sent_ns"),
        "prober.parquet lacks the columns sent_ns",
    ),
    "a truncated file": (cut_by("columns/prober.parquet", 50), "prober.parquet is damaged, or is no file of columns"),
    "a file that went": (lambda folder: (folder.root / "columns/prober.parquet").unlink(), "prober.parquet is missing"),
    "a list that is none": (cut("columns/columns.json", 10), "the exported columns cannot be compared with the record"),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_columns_that_are_not_the_records_are_told_and_unknown(folder: RecordFolder, case: str) -> None:
    export_columns(folder, load_history(folder).drill.drill_id, tell=[].append)
    assert judge(load_history(folder)).verdict is Verdict.PASS
    spoil, sentence = COLUMNS[case]
    spoil(folder)
    judgement = judge(load_history(folder))
    assert sentence in reasons(judgement)
    assert judgement.verdict is Verdict.UNKNOWN


def test_columns_of_another_record_are_told(folder: RecordFolder) -> None:
    export_columns(folder, load_history(folder).drill.drill_id, tell=[].append)
    slots(clock_back)(folder)
    close_history(folder)
    told = reasons(judge(load_history(folder)))
    assert "columns/prober.parquet was not made from the operations/prober.ops of this record" in told


@pytest.mark.parametrize(
    "case", ["entries without a column", "two recorders with one number", "record cut within the header"]
)
def test_the_command_says_it_and_ends_with_2(folder: RecordFolder, case: str) -> None:
    spoil, sentence = TABLE[case]
    spoil(folder)
    close_history(folder)
    run = subprocess.run(
        [str(DRDRILL), "judge", str(folder.root)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "4000"},
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert sentence in run.stdout
    assert "Traceback" not in run.stderr


def test_a_plan_that_is_none_is_refused(folder: RecordFolder) -> None:
    folder.plan.write_text("{}")
    with pytest.raises(BadInput, match="nothing was judged"):
        load_history(folder)
