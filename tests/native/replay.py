"""A session at the driver's boundary that answers with documented result sets, in order, and keeps what was sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LABEL = "from the documentation, not from a live server"


def documented(name: str) -> dict[str, Any]:
    """One data file; it must say where its result sets are from."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / "documented" / name).read_text())
    assert read["label"] == LABEL
    assert read["title"] and read["version"] and read["url"]
    return read


class Replay:
    """Connection and cursor. ``answers``: a piece of a query to (columns, results in order); the last one is repeated.

    ``errors``: a statement to the error that the server answers with.
    """

    def __init__(
        self,
        answers: dict[str, tuple[Sequence[str], list[list[list[Any]]]]],
        errors: dict[str, Exception] | None = None,
    ) -> None:
        self._answers = answers
        self._errors = errors or {}
        self._rows: list[list[Any]] = []
        self.description: list[tuple[str]] = []
        self.sent: list[str] = []

    def cursor(self) -> Replay:
        return self

    def close(self) -> None:
        self.description = []

    def execute(self, statement: str, _parameters: Any = None, /) -> None:
        self.sent.append(" ".join(statement.split()))
        if statement in self._errors:
            raise self._errors[statement]
        if not statement.strip().startswith("SELECT"):
            return
        columns, results = next(answer for piece, answer in self._answers.items() if piece in statement)
        self.description = [(column,) for column in columns]
        self._rows = results.pop(0) if len(results) > 1 else results[0]

    def fetchall(self) -> list[list[Any]]:
        return self._rows

    @property
    def changes(self) -> list[str]:
        """What was sent beside queries."""
        return [statement for statement in self.sent if not statement.startswith("SELECT")]
