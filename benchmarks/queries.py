"""A big history judged by SQL on DuckDB, beside the judge: whether both say the same, and how many times as long it takes."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
from tests.queries.agreement import told_by_judge, told_by_sql
from tests.queries.engine import export, sources

from benchmarks.synthetic import opened
from drdrill.measure import judge
from drdrill.queries.statements import ANSWERS, statements


def compare(folder: Path, judged_s: float) -> str:
    """Judge the history in ``folder`` by SQL, within 6 GB and two threads; the sentence to be printed."""
    history = opened(folder)
    columns = folder / "columns"
    columns.mkdir()
    export(history, columns)
    config = {"threads": 2, "memory_limit": "6GB", "temp_directory": str(folder / "spill")}
    began = time.perf_counter()
    with duckdb.connect(config=config) as engine:
        for statement in [*sources(columns, len(history.survivors)), *statements(history)]:
            engine.execute(statement)
        rows = {name: engine.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist() for name in ANSWERS}
    took_s = time.perf_counter() - began
    agrees = told_by_sql(rows) == told_by_judge(judge(history))
    said = "says the same" if agrees else "SAYS SOMETHING ELSE"
    return f"{len(history.operations) / 1e6:g} million by SQL on DuckDB {duckdb.__version__}: {said}, {took_s / judged_s:.1f} x the judge's time"
