"""What was lost, counted by the database itself: raw slots of the record, one SQL statement, and none of the judge's code."""

from __future__ import annotations

import struct
from pathlib import Path

import psycopg

_HEADER_BYTES, _SLOT_BYTES = 4096, 64
_WRITE, _COMPLETED, _ACKED = 1, 2, 1

_ABSENT = """
SELECT count(*), coalesce(sum(paise), 0) FROM unnest(%s::bigint[], %s::bigint[]) AS acked(op, paise)
WHERE NOT EXISTS (SELECT FROM transfers WHERE transfers.op_id = acked.op)
"""


def acked_transfers(evidence: Path) -> dict[int, int]:
    """Id to paise of every acknowledged transfer, read from the 64-byte slots by their documented offsets alone."""
    acked: dict[int, int] = {}
    for path in evidence.glob("*/operations/*.ops"):
        content = path.read_bytes()[_HEADER_BYTES:]
        for at in range(0, len(content) - _SLOT_BYTES + 1, _SLOT_BYTES):
            op_id, _journey, kind, state, outcome = struct.unpack_from("<qBBBB", content, at)
            if (kind, state, outcome) == (_WRITE, _COMPLETED, _ACKED):
                acked[op_id] = struct.unpack_from("<q", content, at + 16)[0]
    return acked


def lost_according_to_the_database(evidence: Path, dsn: str) -> tuple[int, int, int]:
    """Acknowledged transfers that the books lack: how many, their paise; and how many were acknowledged at all."""
    acked = acked_transfers(evidence)
    with psycopg.connect(dsn) as connection:
        row = connection.execute(_ABSENT, (list(acked), list(acked.values()))).fetchone()
    assert row is not None
    return row[0], int(row[1]), len(acked)
