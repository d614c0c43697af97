"""The survivors on disk: written as they come, read back exactly, and broken files are told and never misread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances
from drdrill.record.survivors import SurvivorsFile, read_survivors

CIRCUMSTANCES = ReadCircumstances(
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
ENTRIES = np.array([(n, -n, n, 1 << 62, -1) for n in range(10)], dtype=ENTRY)
ACCOUNTS = np.array([(n, n, n, -n, n) for n in range(3)], dtype=ACCOUNT)


def save(folder: Path, batches: int = 3, drill_id: str = "d") -> None:
    with SurvivorsFile(folder, 1, drill_id) as file:
        for part in np.array_split(ENTRIES, batches):
            file.add_entries(part)
        file.add_accounts(ACCOUNTS)
        file.finish(CIRCUMSTANCES)


@pytest.mark.parametrize("batches", [1, 3, 10, 20])
def test_what_came_in_batches_is_read_back_whole(tmp_path: Path, batches: int) -> None:
    """Empty batches too: twenty of ten rows."""
    save(tmp_path, batches)
    (read,) = read_survivors(tmp_path, drill_id="d")
    assert read.circumstances == CIRCUMSTANCES
    assert (read.entries.tolist(), read.accounts.tolist()) == (ENTRIES.tolist(), ACCOUNTS.tolist())


def test_books_without_a_row_are_books(tmp_path: Path) -> None:
    with SurvivorsFile(tmp_path, 1) as file:
        file.finish(CIRCUMSTANCES)
    (read,) = read_survivors(tmp_path, drill_id="d")
    assert (len(read.entries), len(read.accounts)) == (0, 0)


def test_a_read_that_was_never_finished_is_no_read(tmp_path: Path) -> None:
    with pytest.raises(KeyError), SurvivorsFile(tmp_path, 1) as file:
        file.add_entries(ENTRIES)
        raise KeyError("the server died")
    assert read_survivors(tmp_path) == ()


def test_any_tool_reads_the_rows(tmp_path: Path) -> None:
    save(tmp_path)
    table = pq.read_table(tmp_path / "1.entries.parquet")
    assert table.column_names == list(ENTRY.names or ())
    assert table.column("amount_paise").to_pylist() == [1 << 62] * 10
    assert pq.ParquetFile(tmp_path / "1.entries.parquet").num_row_groups == 3


def with_nulls(table: pa.Table) -> pa.Table:
    return table.set_column(1, "op_id", pa.array([None, *range(9)], pa.int64()))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop_columns(["seq", "account"]), "1.entries.parquet lacks the columns account, seq"),
        (
            lambda table: table.cast(pa.schema([(name, pa.int64()) for name in table.column_names])),
            "has account as int64",
        ),
        (with_nulls, "1.entries.parquet has no value for op_id in 1 rows"),
        (
            lambda table: table.replace_schema_metadata({b"drdrill.drill_id": b"other"}),
            "1.entries.parquet is of the drill 'other', and this one is 'd'",
        ),
    ],
)
def test_a_file_that_is_not_what_was_written_is_refused(
    tmp_path: Path, change: Callable[[pa.Table], pa.Table], sentence: str
) -> None:
    save(tmp_path)
    path = tmp_path / "1.entries.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(ValueError, match=sentence):
        read_survivors(tmp_path, drill_id="d")


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    save(tmp_path)
    path = tmp_path / "1.accounts.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"1.accounts.parquet is damaged, or no Parquet"):
        read_survivors(tmp_path)
