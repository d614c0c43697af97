"""Print the judgement of one drill as SQL for another engine.

    .venv/bin/drdrill export reports/evidence/<drill>          (the operations as Parquet, into its folder columns/)
    .venv/bin/python tools/judgement_sql.py reports/evidence/<drill> --engine spark > judgement.sql
    spark-sql -f judgement.sql

Only the plan, the marks, the recorders and the circumstances of the survivors' reads are used. For Athena and Trino the three tables
of the record (operations, entries with a column read_number, accounts of the last read) are declared first, over the same
Parquet files where they were copied to; the statements after that are the same. docs/scale.md says what was tried.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from drdrill.errors import BadInput
from drdrill.queries.statements import ANSWERS, statements
from drdrill.record.folder import RecordFolder
from drdrill.record.history import load_history


def sources(folder: RecordFolder, engine: str, reads: int) -> Iterator[str]:
    """The three tables that the queries stand on, as views over the Parquet files."""
    if engine in ("athena", "trino"):
        yield "-- first declare operations, entries (with read_number) and accounts over the exported Parquet files"
        return
    root = folder.root.resolve()
    # One after the other, because Spark 4.3 takes a star in the name of a file for a letter.
    recorders = " UNION ALL ".join(
        f"SELECT * FROM {_file(path, engine)}" for path in sorted((root / "columns").glob("*.parquet"))
    )
    yield f"CREATE VIEW operations AS {recorders}"
    each = (
        f"SELECT {number} AS read_number, e.* FROM {_file(folder.survivors.resolve() / f'{number}.entries.parquet', engine)} AS e"
        for number in range(1, reads + 1)
    )
    yield f"CREATE VIEW entries AS {' UNION ALL '.join(each)}"
    last = folder.survivors.resolve() / f"{reads}.accounts.parquet"
    yield f"CREATE VIEW accounts AS SELECT * FROM {_file(last, engine)}"


def _file(path: Path, engine: str) -> str:
    return f"parquet.`{path}`" if engine == "spark" else f"read_parquet('{path}')"


def main() -> int:
    """Print the statements, the answers last; 3 when there is nothing to judge, with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the evidence of one drill")
    parser.add_argument("--engine", choices=["duckdb", "spark", "trino", "athena"], default="duckdb")
    options = parser.parse_args()
    try:
        folder = RecordFolder.existing(options.folder)
        history = load_history(folder)
        told = [*sources(folder, options.engine, len(history.survivors)), *statements(history)]
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 3
    told += [f"SELECT '{name}' AS answer, a.* FROM {name} AS a" for name in ANSWERS]
    sys.stdout.write(";\n\n".join(told) + ";\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
