"""The operations as columns: Parquet that SQL engines read, made from the slots, and read back as exactly the same operations.

The judge reads the slots themselves (docs/adr/0011). This is for judging elsewhere; the format is in docs/record.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from drdrill.errors import BadInput, EstateError
from drdrill.model.history import Recorder
from drdrill.model.operation import OPERATION, SEQUENCE_BITS, Failure, Kind, Operations, Outcome, State
from drdrill.record.claims import Claim, read_claims
from drdrill.record.folder import RecordFolder, write_durably

FORMAT = "drdrill-columns/1"
GROUP_ROWS = 1 << 17
"""Rows that are converted together, and stand in one row group: 8 MiB of slots."""

_SEQUENCE = (1 << SEQUENCE_BITS) - 1
_WORDS: dict[str, type[IntEnum]] = {"kind": Kind, "state": State, "outcome": Outcome, "failure": Failure}
_NONE = {"credit": -1, "due_ns": 0, "sent_ns": 0, "done_ns": 0, "seen_seq": -1}
_NUMBERS = ("op_id", "status", "amount_paise", "debit", *_NONE)
_WORD = pa.dictionary(pa.int16(), pa.string())
_FOOTER = b"drdrill.columns"

Tell = Callable[[str], None]


def _schema() -> pa.Schema:
    fields = [pa.field("op_id", pa.int64(), nullable=False)]
    fields += [pa.field("recorder", pa.int32(), nullable=False), pa.field("sequence", pa.int64(), nullable=False)]
    fields += [pa.field(name, _WORD, nullable=False) for name in ("journey", "region", *_WORDS)]
    fields += [
        pa.field(name, pa.from_numpy_dtype(OPERATION[name]), nullable=name in _NONE)
        for name in _NUMBERS
        if name != "op_id"
    ]
    return pa.schema(fields)


SCHEMA = _schema()


@dataclass(frozen=True)
class ColumnsFile:
    """One file of columns that was written: its rows, its own digest, and the digest of the record that it was made from."""

    name: str
    rows: int
    bytes: int
    sha256: str
    made_from: str
    made_from_sha256: str


def export_columns(folder: RecordFolder, drill_id: str, tell: Tell) -> tuple[ColumnsFile, ...]:
    """Write every operation record of a drill as Parquet into ``columns/``, with a list of the files and their digests.

    Memory is bounded by one row group, whatever the length of a record. Files that are there already are replaced. Raises
    ``EstateError`` when there is no room; what cannot be judged is not exported, and listed with its sentence.
    """
    problems: list[str] = []
    claims, recorders = read_claims(folder.operations, drill_id, problems)
    into = folder.root / "columns"
    try:
        into.mkdir(exist_ok=True, mode=0o700)
        files = tuple(_export(claim, into, drill_id, tell) for claim in claims)
    except OSError as error:
        raise EstateError(f"not every record was exported: {into} cannot be written ({error.strerror})") from error
    document = {
        "format": FORMAT,
        "drill_id": drill_id,
        "files": [file.__dict__ for file in files],
        "left_out": [recorder.unusable for recorder in recorders if recorder.unusable],
        "problems": problems,
    }
    write_durably(into / "columns.json", (json.dumps(document, sort_keys=True, indent=1) + "\n").encode())
    return files


def write_columns(path: Path, claim: Claim, drill_id: str) -> int:
    """Write the operations of one record as one file, a row group at a time; returns how many rows it has.

    A constant offset of the recorder's clock is added: all times in the file are on the drill's clock.
    """
    recorder = claim.recorder.model_copy(update={"clock_offset_ns": 0}).model_dump(mode="json")
    names = {"journeys": claim.journeys, "regions": claim.regions}
    footer = {"format": FORMAT, "drill_id": drill_id, "recorder": recorder, **names}
    schema = SCHEMA.with_metadata({_FOOTER: json.dumps(footer, sort_keys=True).encode()})
    words = {"journey": claim.journeys, "region": claim.regions}
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=list(_word_columns())) as file:
        for first in range(0, len(claim.operations), GROUP_ROWS):
            part = claim.operations[first : first + GROUP_ROWS]
            file.write_batch(_batch(part, words, claim.recorder.clock_offset_ns, schema), row_group_size=len(part))
    return len(claim.operations)


def read_columns(
    path: Path, *, drill_id: str | None = None
) -> tuple[Operations, Recorder, tuple[str, ...], tuple[str, ...]]:
    """The operations of one file of columns, as ``read_operations`` gives them: rows, recorder, journeys, regions.

    Raises ``BadInput`` with every reason for which the file cannot be believed: no Parquet, cut short, a column missing or of
    another type, of another drill, rows that are not the recorder's sequence.
    """
    try:
        with pq.ParquetFile(path) as file:
            footer = _footer(file, path.name, drill_id)
            recorder = Recorder.model_validate(footer["recorder"])
            rows: Operations = np.empty(file.metadata.num_rows, dtype=OPERATION)
            words = {"journey": footer["journeys"], "region": footer["regions"]}
            first = 0
            for batch in file.iter_batches(batch_size=GROUP_ROWS):
                _fill(rows[first : first + batch.num_rows], batch, words)
                first += batch.num_rows
    except (OSError, ValidationError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise BadInput("nothing was read", [f"{path.name} is damaged, or is no file of columns ({error})"]) from error
    expected = (recorder.number << SEQUENCE_BITS) + np.arange(recorder.attempted, dtype=np.int64)
    if not np.array_equal(rows["op_id"], expected):
        raise BadInput(
            "nothing was read", [f"the rows of {path.name} are not the {recorder.attempted} of its recorder"]
        )
    return rows, recorder, tuple(footer["journeys"]), tuple(footer["regions"])


def columns_problems(folder: RecordFolder, drill_id: str) -> list[str]:
    """A sentence for each way in which exported columns are not those of the record beside them; none if never exported.

    Whoever judges from the columns must not be told another story than the slots tell.
    """
    listed = folder.root / "columns" / "columns.json"
    if not listed.is_file():
        return []
    try:
        files = json.loads(listed.read_bytes())["files"]
        record = json.loads(folder.history.read_bytes())["files"]
        return [problem for file in files for problem in _differences(folder, drill_id, ColumnsFile(**file), record)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"the exported columns cannot be compared with the record ({error})"]


def _export(claim: Claim, into: Path, drill_id: str, tell: Tell) -> ColumnsFile:
    path = into / f"{claim.path.stem}.parquet"
    partial = path.with_suffix(".partial")
    rows = write_columns(partial, claim, drill_id)
    partial.replace(path)
    tell(f"{path.name}: {rows:,} operations, {path.stat().st_size:,} bytes")
    return ColumnsFile(
        name=path.name,
        rows=rows,
        bytes=path.stat().st_size,
        sha256=_sha256(path),
        made_from=f"operations/{claim.path.name}",
        made_from_sha256=_sha256(claim.path),
    )


def _differences(folder: RecordFolder, drill_id: str, told: ColumnsFile, record: dict[str, Any]) -> Iterator[str]:
    path = folder.root / "columns" / told.name
    if not path.is_file():
        yield f"columns/{told.name} is missing"
    elif _sha256(path) != told.sha256:
        yield f"columns/{told.name} is not the file that was exported (its SHA-256 differs)"
        try:
            read_columns(path, drill_id=drill_id)
        except BadInput as error:
            yield from error.problems
    # The record's own files were compared with these digests when the history was loaded.
    if record.get(told.made_from, {}).get("sha256") != told.made_from_sha256:
        yield f"columns/{told.name} was not made from the {told.made_from} of this record"


def _word_columns() -> Iterator[str]:
    yield from ("journey", "region", *_WORDS)


def _batch(part: Operations, words: dict[str, tuple[str, ...]], offset_ns: int, schema: pa.Schema) -> pa.RecordBatch:
    named: dict[str, Sequence[str]] = {**words, **{name: _names(kind) for name, kind in _WORDS.items()}}
    columns: dict[str, Any] = {
        "recorder": pa.array((part["op_id"] >> SEQUENCE_BITS).astype(np.int32)),
        "sequence": pa.array(part["op_id"] & _SEQUENCE),
    }
    for name, meanings in named.items():
        codes = pa.array(part[name].astype(np.int16))
        columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(list(meanings), pa.string()))
    for name in _NUMBERS:
        values = np.ascontiguousarray(part[name])
        absent = values == _NONE[name] if name in _NONE else None
        if offset_ns and name in ("due_ns", "sent_ns", "done_ns"):
            values = values + offset_ns
        columns[name] = pa.array(values, mask=absent)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def _fill(rows: Operations, batch: pa.RecordBatch, words: dict[str, list[str]]) -> None:
    named: dict[str, Sequence[str]] = {**words, **{name: _names(kind) for name, kind in _WORDS.items()}}
    for name, meanings in named.items():
        column = batch.column(name)
        codes = np.array([meanings.index(word) for word in column.dictionary.to_pylist()], dtype=np.uint8)
        rows[name] = codes[column.indices.to_numpy()]
    for name in _NUMBERS:
        column = batch.column(name)
        filled = column.fill_null(_NONE[name]) if name in _NONE else column
        if filled.null_count:
            raise ValueError(f"{name} is NULL in {filled.null_count} rows, and may not be")
        rows[name] = filled.to_numpy()


def _footer(file: pq.ParquetFile, name: str, drill_id: str | None) -> dict[str, Any]:
    schema = file.schema_arrow
    missing = [column for column in SCHEMA.names if column not in schema.names]
    problems = [f"{name} lacks the columns {', '.join(missing)}"] if missing else []
    problems += [
        f"{name} has {field.name} as {schema.field(field.name).type}, and not as {field.type}"
        for field in SCHEMA
        if field.name not in missing and schema.field(field.name).type != field.type
    ]
    footer: dict[str, Any] = json.loads((schema.metadata or {}).get(_FOOTER, b"{}"))
    if footer.get("format") != FORMAT:
        problems.append(f"{name} is of the format {footer.get('format')!r}, and this drdrill reads {FORMAT!r}")
    elif drill_id is not None and footer["drill_id"] != drill_id:
        problems.append(f"{name} is of the drill {footer['drill_id']!r}, and this one is {drill_id!r}")
    if problems:
        raise BadInput("nothing was read", problems)
    return footer


def _names(kind: type[IntEnum]) -> tuple[str, ...]:
    return tuple(member.name.lower() for member in kind)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
