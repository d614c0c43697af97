"""A history as Parquet, judged by DuckDB with the project's SQL."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drdrill.model.history import History
from drdrill.model.operation import SEQUENCE_BITS
from drdrill.queries.statements import ANSWERS, statements
from drdrill.record.claims import Claim
from drdrill.record.columns import write_columns
from drdrill.record.survivors import save_survivors

Rows = list[dict[str, Any]]


def export(history: History, folder: Path) -> None:
    """The Parquet files that ``drdrill`` leaves of a history: one for each recorder, and each read of the survivors."""
    recorder_of = history.operations["op_id"] >> SEQUENCE_BITS
    for recorder in history.recorders:
        mine = history.operations[np.flatnonzero(recorder_of == recorder.number)]
        claim = Claim(folder / f"{recorder.number}.ops", mine, recorder, history.journeys, history.regions)
        write_columns(folder / f"{recorder.number}.operations.parquet", claim, history.drill.drill_id)
    for number, read in enumerate(history.survivors, start=1):
        save_survivors(folder, number, read)


def sources(folder: Path, reads: int) -> Iterator[str]:
    """The three tables that the queries stand on, as DuckDB reads them from the files."""
    yield f"CREATE VIEW operations AS SELECT * FROM read_parquet('{folder}/*.operations.parquet')"
    each = (
        f"SELECT {number} AS read_number, * FROM read_parquet('{folder}/{number}.entries.parquet')"
        for number in range(1, reads + 1)
    )
    yield f"CREATE VIEW entries AS {' UNION ALL '.join(each)}"
    yield f"CREATE VIEW accounts AS SELECT * FROM read_parquet('{folder}/{reads}.accounts.parquet')"


def answers(history: History, folder: Path, making: Iterable[str] | None = None) -> dict[str, Rows]:
    """What the queries say of a history: the rows of every answer."""
    export(history, folder)
    with duckdb.connect(config={"threads": 2, "memory_limit": "3GB"}) as engine:
        for statement in [*sources(folder, len(history.survivors)), *(making or statements(history))]:
            engine.execute(statement)
        return {name: _rows(engine.sql(f"SELECT * FROM {name}").to_arrow_table()) for name in ANSWERS}


def _rows(table: pa.Table) -> Rows:
    return list(table.to_pylist())


def columns_of(path: Path) -> list[str]:
    """The names of the columns of a Parquet file."""
    return list(pq.read_schema(path).names)
