"""What the rescued books hold and the surviving ones do not, in the order in which it was once booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import Any

import psycopg

from drdrill.errors import Unprovable

_BATCH = 5000
_TRANSFERS = """
SELECT op_id,
       max(account) FILTER (WHERE amount_paise < 0),
       max(account) FILTER (WHERE amount_paise > 0),
       sum(amount_paise) FILTER (WHERE amount_paise > 0)::bigint,
       count(*) = 2 AND sum(amount_paise) = 0
FROM entries {where} GROUP BY op_id ORDER BY min(entry_id)
"""
_ALL, _THESE = _TRANSFERS.format(where=""), _TRANSFERS.format(where="WHERE op_id = ANY(%s)")


@dataclass(frozen=True)
class Transfer:
    """One transfer as its ledger rows tell it; ``whole``: exactly one debit and one credit of the same amount."""

    op_id: int
    debit: int
    credit: int
    amount_paise: int
    whole: bool


@dataclass(frozen=True)
class Difference:
    """A rescued transfer that the surviving books do not hold, or hold otherwise (``other`` is then what they hold)."""

    rescued: Transfer
    other: Transfer | None


@dataclass(frozen=True)
class Comparison:
    """How many transfers the rescued books hold, and where the surviving ones differ."""

    rescued: int
    differences: tuple[Difference, ...]


def compare_books(rescued: str, surviving: str) -> Comparison:
    """Compare two books by operation id (connection strings); memory holds a batch and the differences.

    Raises ``Unprovable`` when one of them cannot be read.
    """
    count, differences = 0, []
    with (
        _connected(rescued, "rescued") as old,
        _connected(surviving, "surviving") as new,
        old.cursor("rescued") as rows,
    ):
        rows.execute(_ALL.encode())
        for batch in batched(map(_transfer, rows), _BATCH, strict=False):
            count += len(batch)
            known = _known(new, [transfer.op_id for transfer in batch])
            differences += [Difference(one, known.get(one.op_id)) for one in batch if one != known.get(one.op_id)]
    return Comparison(count, tuple(differences))


def _known(books: psycopg.Connection[Any], op_ids: list[int]) -> dict[int, Transfer]:
    found = map(_transfer, books.execute(_THESE.encode(), (op_ids,)))
    return {transfer.op_id: transfer for transfer in found}


def _transfer(row: tuple[Any, ...]) -> Transfer:
    op_id, debit, credit, amount_paise, whole = row
    return Transfer(op_id, -1 if debit is None else debit, -1 if credit is None else credit, amount_paise or 0, whole)


@contextmanager
def _connected(dsn: str, which: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            yield connection
    except psycopg.Error as error:
        raise Unprovable(f"nothing was reconciled: the {which} books cannot be read ({error})") from error
