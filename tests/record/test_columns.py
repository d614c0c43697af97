"""Columns are the same operations: read back to the bit, judged by SQL as by us, and never another record's."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.record.evidence import evidence

from drdrill.errors import BadInput
from drdrill.measure import judge
from drdrill.model.operation import Failure, Outcome
from drdrill.record import columns
from drdrill.record.claims import Claim
from drdrill.record.columns import export_columns, read_columns, write_columns
from drdrill.record.folder import RecordFolder
from drdrill.record.history import load_history
from drdrill.record.operations import OperationRecorder, read_operations

JOURNEYS = ("balance", "transfer")
REGIONS = ("none", "ap-south-1", "ap-south-2")

INT32, INT64 = st.integers(-1, (1 << 31) - 1), st.integers(-1, (1 << 63) - 1)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "journey": st.integers(0, 1),
            "kind": st.integers(0, 1),
            "amount": INT64,
            "debit": INT32,
            "credit": INT32,
            "due": st.integers(0, 1000),
            "took": st.none() | st.integers(1, 1000),
            "outcome": st.sampled_from([Outcome.UNKNOWN, Outcome.UNSENT, Outcome.ACKED]),
            "status": st.integers(0, 65535),
            "failure": st.sampled_from(Failure),
            "region": st.integers(0, 2),
            "seen": INT64,
        }
    ),
    max_size=30,
)


def record(path: Path, told: list[dict[str, Any]], **options: int) -> Claim:
    with OperationRecorder.create(path, 7, "prober", JOURNEYS, REGIONS, drill_id="d", **options) as recorder:
        for number, one in enumerate(told):
            sent = 5000 + number
            words = (one["journey"], one["kind"], one["amount"], one["debit"], one["credit"], one["due"], sent)
            identity = recorder.invoke(*words)
            if one["took"] is not None:
                end = (one["outcome"], sent + one["took"], one["status"], one["failure"], one["region"], one["seen"])
                recorder.complete(identity, *end)
    operations, whose, journeys, regions, problems = read_operations(path)
    assert problems == ()
    return Claim(path, operations, whose, journeys, regions)


@given(told=OPERATIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_back_to_the_bit(tmp_path: Path, told: list[dict[str, Any]]) -> None:
    (tmp_path / "a.ops").unlink(missing_ok=True)
    claim = record(tmp_path / "a.ops", told)
    assert write_columns(tmp_path / "a.parquet", claim, "d") == len(told)
    operations, recorder, journeys, regions = read_columns(tmp_path / "a.parquet", drill_id="d")
    assert operations.tobytes() == claim.operations.tobytes()
    assert (recorder, journeys, regions) == (claim.recorder, JOURNEYS, REGIONS)


def test_row_groups_hold_a_bounded_number_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "GROUP_ROWS", 4)
    one = {"journey": 1, "kind": 1, "amount": 1, "debit": 1, "credit": 2, "due": 1, "took": None}
    claim = record(tmp_path / "a.ops", [one] * 10)
    write_columns(tmp_path / "a.parquet", claim, "d")
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    assert read_columns(tmp_path / "a.parquet")[0].tobytes() == claim.operations.tobytes()


def test_times_are_on_the_drills_clock_and_what_did_not_happen_is_null(tmp_path: Path) -> None:
    one = {"journey": 0, "kind": 0, "amount": 0, "debit": 3, "credit": -1, "due": 9, "took": None}
    claim = record(tmp_path / "a.ops", [one], clock_offset_ns=1000)
    write_columns(tmp_path / "a.parquet", claim, "d")
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert row == {
        "op_id": 7 << 40,
        "recorder": 7,
        "sequence": 0,
        "journey": "balance",
        "region": "none",
        "kind": "read",
        "state": "invoked",
        "outcome": "unknown",
        "failure": "none",
        "status": 0,
        "amount_paise": 0,
        "debit": 3,
        "credit": None,
        "due_ns": 1009,
        "sent_ns": 6000,
        "done_ns": None,
        "seen_seq": None,
    }
    assert read_columns(tmp_path / "a.parquet")[1].clock_offset_ns == 0


@pytest.fixture
def folder(tmp_path: Path) -> RecordFolder:
    return evidence(tmp_path)


def test_the_export_lists_every_file_with_its_own_digest(folder: RecordFolder) -> None:
    drill_id = load_history(folder).drill.drill_id
    (file,) = export_columns(folder, drill_id, tell=[].append)
    path = folder.root / "columns" / file.name
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.made_from_sha256 == hashlib.sha256((folder.root / file.made_from).read_bytes()).hexdigest()
    told = json.loads((folder.root / "columns" / "columns.json").read_bytes())
    assert (told["format"], told["drill_id"]) == ("drdrill-columns/1", drill_id)
    assert told["files"] == [file.__dict__]
    assert [path.name for path in (folder.root / "columns").glob("*.partial")] == []
    operations, *_ = read_columns(path, drill_id=drill_id)
    assert operations.tobytes() == np.asarray(load_history(folder).operations[:]).tobytes()


def test_a_record_that_cannot_be_judged_is_not_exported_and_the_list_says_so(folder: RecordFolder) -> None:
    (folder.operations / "locust-0.ops").write_bytes(b"nothing")
    export_columns(folder, load_history(folder).drill.drill_id, tell=[].append)
    told = json.loads((folder.root / "columns" / "columns.json").read_bytes())
    assert told["left_out"] == ["locust-0.ops is not a record: it holds 7 bytes, less than a header"]
    assert [file["name"] for file in told["files"]] == ["prober.parquet"]


LOSS = """
    SELECT count(*) FILTER (WHERE found IS NULL), count(*) FILTER (WHERE found IS NOT NULL)
    FROM (SELECT op_id FROM read_parquet('{columns}') WHERE kind = 'write' AND outcome = 'acked' AND state = 'completed')
    LEFT JOIN (SELECT DISTINCT op_id, true AS found FROM read_parquet('{survivors}')) USING (op_id)
"""


def test_a_sql_engine_finds_the_same_loss(tmp_path: Path) -> None:
    line = (
        "transfer every 0.05: 80..100+~0.01 100..103?~2 103..130+~0.01 | fault 100..100.05"
        " | survivors all but @99..100 | activities bank.lose | journal bank.lose"
    )
    folder = evidence(tmp_path, line)
    history = load_history(folder)
    export_columns(folder, history.drill.drill_id, tell=[].append)
    judged = judge(history).loss.classes
    query = LOSS.format(columns=folder.root / "columns" / "*.parquet", survivors=folder.survivors / "1.entries.parquet")
    with duckdb.connect() as engine:
        (told,) = engine.sql(query).fetchall()
    assert told == (judged["lost"].operations, judged["kept"].operations)
    assert judged["lost"].operations == 20


def test_the_command_exports(folder: RecordFolder) -> None:
    words = [str(Path(sys.executable).parent / "drdrill"), "export", str(folder.root)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    path = folder.root / "columns" / "prober.parquet"
    assert f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}" in run.stdout
    (folder.operations / "prober.ops").write_bytes(b"")
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "nothing was exported" in run.stderr


Change = Callable[[pa.Table], pa.Table]


def footer(**changes: object) -> Change:
    def change(table: pa.Table) -> pa.Table:
        told = json.loads(table.schema.metadata[b"drdrill.columns"])
        return table.replace_schema_metadata({b"drdrill.columns": json.dumps({**told, **changes}).encode()})

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop_columns(["due_ns", "kind"]), "prober.parquet lacks the columns kind, due_ns"),
        (
            lambda table: table.set_column(0, "op_id", table.column("op_id").cast(pa.float64())),
            "prober.parquet has op_id as double, and not as int64",
        ),
        (lambda table: table.slice(0, 999), "the rows of prober.parquet are not the 1000 of its recorder"),
        (lambda table: pa.concat_tables([table.slice(1), table.slice(0, 1)]), "are not the 1000 of its recorder"),
        (footer(drill_id="another"), "prober.parquet is of the drill 'another', and this one is"),
        (footer(format="drdrill-columns/9"), "is of the format 'drdrill-columns/9'"),
        (footer(recorder=None), "prober.parquet is damaged, or is no file of columns"),
        (footer(journeys=[]), "prober.parquet is damaged, or is no file of columns"),
        (lambda table: table.replace_schema_metadata({}), "is of the format None"),
    ],
)
def test_columns_that_are_not_a_whole_record_are_refused(folder: RecordFolder, change: Change, sentence: str) -> None:
    drill_id = load_history(folder).drill.drill_id
    export_columns(folder, drill_id, tell=[].append)
    path = folder.root / "columns" / "prober.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(BadInput, match=sentence):
        read_columns(path, drill_id=drill_id)
