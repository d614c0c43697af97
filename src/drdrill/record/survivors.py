"""Keeping the survivors: the circumstances as JSON, ledger rows and accounts as Parquet that any tool can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances, Survivors
from drdrill.record.folder import write_durably


def save_survivors(folder: Path, number: int, survivors: Survivors) -> None:
    """Write one read of the survivors as ``<number>.*`` into ``folder``."""
    _write(folder / f"{number}.entries.parquet", survivors.entries)
    _write(folder / f"{number}.accounts.parquet", survivors.accounts)
    circumstances = survivors.circumstances.model_dump_json(indent=1) + "\n"
    write_durably(folder / f"{number}.json", circumstances.encode())


def read_survivors(folder: Path) -> tuple[Survivors, ...]:
    """Every read of the survivors that was saved, first read first. Raises ``OSError`` or ``ValueError`` when broken."""
    numbers = sorted(int(path.stem) for path in folder.glob("*.json"))
    return tuple(_read_one(folder, number) for number in numbers)


def _read_one(folder: Path, number: int) -> Survivors:
    return Survivors(
        circumstances=ReadCircumstances.model_validate_json((folder / f"{number}.json").read_bytes()),
        entries=_read(folder / f"{number}.entries.parquet", ENTRY),
        accounts=_read(folder / f"{number}.accounts.parquet", ACCOUNT),
    )


def _write(path: Path, rows: npt.NDArray[Any]) -> None:
    names = rows.dtype.names or ()
    pq.write_table(pa.table({name: np.ascontiguousarray(rows[name]) for name in names}), path, compression="zstd")


def _read(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    table = pq.read_table(path)
    missing = [name for name in dtype.names or () if name not in table.column_names]
    if missing:
        raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}")
    rows = np.empty(table.num_rows, dtype=dtype)
    for name in dtype.names or ():
        rows[name] = table.column(name).to_numpy()
    return rows
