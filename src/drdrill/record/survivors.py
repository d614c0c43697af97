"""Keeping the survivors: the circumstances as JSON, ledger rows and accounts as Parquet that any tool can read.

Rows are written as they are read, a row group at a time: a bank's ledger need not fit in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances, Survivors
from drdrill.record.folder import write_durably

FORMAT = "drdrill-survivors/1"
_FORMAT, _DRILL = b"drdrill.format", b"drdrill.drill_id"

Rows = npt.NDArray[Any]


class SurvivorsFile:
    """One read of the survivors while it is written: rows as they come, the circumstances last.

    A read is there when its circumstances are: what a crash leaves behind is no read.
    """

    def __init__(self, folder: Path, number: int, drill_id: str = "") -> None:
        self._circumstances = folder / f"{number}.json"
        self._paths = (folder / f"{number}.entries.parquet", folder / f"{number}.accounts.parquet")
        self._metadata = {_FORMAT: FORMAT.encode(), _DRILL: drill_id.encode()}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._entries, self._accounts = (
            self._open.enter_context(
                pq.ParquetWriter(path, self._schema(dtype), compression="zstd", use_dictionary=False)
            )
            for path, dtype in zip(self._paths, (ENTRY, ACCOUNT), strict=True)
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add_entries(self, rows: Rows) -> None:
        """Write some ledger rows (``ENTRY``) as one row group."""
        self._entries.write_batch(_batch(rows, self._entries.schema), row_group_size=len(rows) or None)

    def add_accounts(self, rows: Rows) -> None:
        """Write some accounts (``ACCOUNT``) as one row group."""
        self._accounts.write_batch(_batch(rows, self._accounts.schema), row_group_size=len(rows) or None)

    def finish(self, circumstances: ReadCircumstances) -> None:
        """Bring the rows to the disk, and then say under which circumstances they were read."""
        self._open.close()
        for path in self._paths:
            _sync(path)
        write_durably(self._circumstances, (circumstances.model_dump_json(indent=1) + "\n").encode())

    def _schema(self, dtype: np.dtype[Any]) -> pa.Schema:
        fields = [pa.field(name, pa.from_numpy_dtype(dtype[name]), nullable=False) for name in dtype.names or ()]
        return pa.schema(fields, metadata=self._metadata)


def save_survivors(folder: Path, number: int, survivors: Survivors, *, drill_id: str = "") -> None:
    """Write one read of the survivors that is in memory as ``<number>.*`` into ``folder``."""
    with SurvivorsFile(folder, number, drill_id) as file:
        file.add_entries(survivors.entries)
        file.add_accounts(survivors.accounts)
        file.finish(survivors.circumstances)


def read_survivors(folder: Path, *, drill_id: str = "") -> tuple[Survivors, ...]:
    """Every read of the survivors that was saved, first read first.

    Raises ``OSError`` or ``ValueError`` when one is broken, lacks a column, or was made in a drill other than
    ``drill_id`` (a file that names no drill is of any).
    """
    numbers = sorted(int(path.stem) for path in folder.glob("*.json"))
    return tuple(_read_one(folder, number, drill_id) for number in numbers)


def _read_one(folder: Path, number: int, drill_id: str) -> Survivors:
    return Survivors(
        circumstances=ReadCircumstances.model_validate_json((folder / f"{number}.json").read_bytes()),
        entries=_read(folder / f"{number}.entries.parquet", ENTRY, drill_id),
        accounts=_read(folder / f"{number}.accounts.parquet", ACCOUNT, drill_id),
    )


def _batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(np.ascontiguousarray(rows[name])) for name in schema.names], schema=schema)


def _read(path: Path, dtype: np.dtype[Any], drill_id: str) -> Rows:
    try:
        with pq.ParquetFile(path) as file:
            _check(file, path.name, dtype, drill_id)
            rows = np.empty(file.metadata.num_rows, dtype=dtype)
            for first, batch in _batches(file, list(dtype.names or ())):
                for name in dtype.names or ():
                    rows[name][first : first + batch.num_rows] = _values(batch.column(name), name, path.name)
            return rows
    except pa.ArrowException as error:
        raise ValueError(f"{path.name} is damaged, or no Parquet ({error})") from error


def _values(column: pa.Array, name: str, file: str) -> Rows:
    if column.null_count:
        raise ValueError(f"{file} has no value for {name} in {column.null_count} rows")
    values: Rows = column.to_numpy(zero_copy_only=True)
    return values


def _check(file: pq.ParquetFile, name: str, dtype: np.dtype[Any], drill_id: str) -> None:
    schema, columns = file.schema_arrow, dtype.names or ()
    missing = [column for column in columns if column not in schema.names]
    if missing:
        raise ValueError(f"{name} lacks the columns {', '.join(missing)}")
    for column in columns:
        if schema.field(column).type != pa.from_numpy_dtype(dtype[column]):
            raise ValueError(f"{name} has {column} as {schema.field(column).type}, and not as {dtype[column]}")
    told = (schema.metadata or {}).get(_DRILL, b"").decode(errors="replace")
    if drill_id and told not in ("", drill_id):
        raise ValueError(f"{name} is of the drill {told!r}, and this one is {drill_id!r}")


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    first = 0
    for batch in file.iter_batches(batch_size=1 << 16, columns=columns):
        yield first, batch
        first += batch.num_rows


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
