"""What the adapters use of Python's database interface (PEP 249), and rows by the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """One cursor of a driver."""

    @property
    def description(self) -> Any:
        """One sequence for each column of the last result, its name first."""

    def execute(self, statement: str, parameters: Any = ..., /) -> Any:
        """Send one statement."""

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """The rows that are left."""


class Connection(Protocol):
    """One session of a driver."""

    def cursor(self) -> Any:
        """A new ``Cursor``."""

    def close(self) -> None:
        """End the session."""


def rows_of(cursor: Cursor, query: str, parameters: Any = ()) -> list[dict[str, Any]]:
    """All rows of one query, by the names of the columns in small letters."""
    if parameters:
        cursor.execute(query, parameters)
    else:
        cursor.execute(query)
    names = [str(column[0]).lower() for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
