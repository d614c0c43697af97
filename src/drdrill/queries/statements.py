"""The judgement as SQL statements, in the order in which an engine runs them.

They say again in another language what ``measure`` says, for histories that one machine cannot hold. Three tables come from the exported
record (``operations``, ``entries`` with the number of its read, ``accounts`` of the last read); three small ones come from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from string import Template

from drdrill.errors import BadInput
from drdrill.measure.disaster import find_disaster
from drdrill.measure.doubt import DOUBT
from drdrill.measure.windows import operations_needed
from drdrill.model.history import History
from drdrill.model.mark import RECORDER_LOST
from drdrill.model.operation import SEQUENCE_BITS

TABLES = (
    "attempts",
    "found",
    "altered",
    "held",
    "writes",
    "outsiders",
    "classes",
    "stale",
    "flags",
    "loss",
    "books",
    "served",
    "seen",
    "sliding",
    "runs",
    "merged",
    "sure",
    "outages",
    "watched",
    "lags",
    "gaps",
    "recoveries",
)
"""Every table of the judgement; each uses only those before it."""

ANSWERS = ("classes", "flags", "loss", "books", "recoveries")
"""The tables that are looked at in the end."""


def queries(history: History) -> dict[str, str]:
    """The SELECT of every table by its name, in the order in which they are made: three small tables of ``history``, then ``TABLES``.

    Of the history only the plan, the marks, the recorders and the circumstances of the reads are used, not the operations.
    Raises ``BadInput`` when the last read of the survivors proves nothing, or no disaster was shown to bite: then there
    is nothing for these queries to judge.
    """
    window_ns = round(history.drill.service_level.window_s * 1e9)
    blanks = {"window_less_1_ns": window_ns - 1}
    small = {"drill": _drill(history), "recorders": _recorders(history), "survivor_reads": _reads(history)}
    return small | {name: _text(name, blanks) for name in TABLES}


def statements(history: History) -> Iterator[str]:
    """``CREATE TABLE … AS`` for every table: what DuckDB, Spark, Trino and Athena all understand."""
    for name, query in queries(history).items():
        yield f"CREATE TABLE {name} AS\n{query}"


def _text(name: str, blanks: Mapping[str, int]) -> str:
    text = files("drdrill.queries").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return Template(text).substitute(blanks)


def _drill(history: History) -> str:
    disaster, level = find_disaster(history.drill, history.marks), history.drill.service_level
    missing = disaster.missing_because()
    if missing is not None or disaster.watch_end_ns is None:
        raise BadInput("nothing was judged", [missing or "no mark ends the watch"])
    whole = {
        "request_ns": disaster.request_ns,
        "proved_ns": disaster.proved_ns,
        "watch_end_ns": disaster.watch_end_ns,
        "window_ns": round(level.window_s * 1e9),
        "hold_ns": round(level.hold_s * 1e9),
        "latency_ns": round(level.latency_s * 1e9),
        "spacing_ns": round(history.drill.traffic.probe_spacing_s * 1e9),
        "bound_ns": max((recorder.clock_bound_ns for recorder in history.recorders), default=0),
        "needed": operations_needed(level.good_share),
    }
    broken = {"good_share": level.good_share, "doubt": DOUBT}
    columns = [f"CAST({value} AS BIGINT) AS {name}" for name, value in whole.items()]
    columns += [f"CAST({value!r} AS DOUBLE) AS {name}" for name, value in broken.items()]
    return "SELECT " + ", ".join(columns)


def _recorders(history: History) -> str:
    """Every recorder, the place of its operations among all, its range of ids, and whether it died (1) or closed its record."""
    lost = {mark.detail.get("recorder") for mark in history.marks if mark.name == RECORDER_LOST}
    rows = [
        (
            recorder.number,
            place,
            recorder.number << SEQUENCE_BITS,
            (recorder.number + 1) << SEQUENCE_BITS,
            int(not recorder.closed or recorder.number in lost),
        )
        for place, recorder in enumerate(history.recorders)
    ]
    known = {recorder.number for recorder in history.recorders}
    for number in sorted(number for number in lost - known if isinstance(number, int)):
        rows.append((number, len(rows), number << SEQUENCE_BITS, (number + 1) << SEQUENCE_BITS, 1))
    return _rows(("recorder", "place", "first_id", "end_id", "died"), rows)


def _reads(history: History) -> str:
    """The valid reads of the survivors, numbered from 1 as their files are."""
    reasons = [read.circumstances.invalid_because() for read in history.survivors]
    if not reasons or reasons[-1] is not None:
        raise BadInput("nothing was judged", [(reasons or [None])[-1] or "the survivors were never read"])
    rows = [
        (number, read.circumstances.began_ns, int(number == len(reasons)))
        for number, (read, why) in enumerate(zip(history.survivors, reasons, strict=True), start=1)
        if why is None
    ]
    return _rows(("read_number", "began_ns", "is_last"), rows)


def _rows(names: tuple[str, ...], rows: Sequence[tuple[int, ...]]) -> str:
    def told(row: tuple[int, ...]) -> str:
        return ", ".join(f"CAST({value} AS BIGINT) AS {name}" for name, value in zip(names, row, strict=True))

    return "\nUNION ALL ".join(f"SELECT {told(row)}" for row in rows)
