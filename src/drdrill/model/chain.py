"""Several arrays read as one: the recorders' files of one history, mapped where they lie and never copied together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]


class Chain:
    """Arrays of one structured type, one after another, indexed like a single array.

    ``chain["field"]`` copies a whole column, ``chain[rows]`` copies those rows; ``parts`` copies nothing.
    """

    def __init__(self, pieces: tuple[Rows, ...], dtype: np.dtype[Any]) -> None:
        # A memory-mapped file is a plain array that the system fills: numpy is slower with its own class for it.
        self.pieces = tuple(np.asarray(piece) for piece in pieces if len(piece))
        self.dtype = dtype
        self.starts = np.concatenate(([0], np.cumsum([len(piece) for piece in self.pieces], dtype=np.int64)))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def nbytes(self) -> int:
        """Bytes of all rows, wherever they lie."""
        return len(self) * self.dtype.itemsize

    def __getitem__(self, chosen: Any) -> Rows:
        if isinstance(chosen, str):
            columns = [piece[chosen] for piece in self.pieces]
            return np.concatenate(columns) if columns else np.empty(0, dtype=self.dtype[chosen])
        if isinstance(chosen, slice):
            chosen = np.arange(*chosen.indices(len(self)))
        elif isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_:
            chosen = np.flatnonzero(chosen)
        found: Rows = self.take(np.asarray(chosen).reshape(-1))
        return found if np.ndim(chosen) else found[0]

    def copy(self) -> Rows:
        """All rows as one array of their own."""
        return np.concatenate(self.pieces) if self.pieces else np.empty(0, dtype=self.dtype)

    def parts(self, length: int) -> Iterator[tuple[int, Rows]]:
        """All rows, at most ``length`` at a time and never of two arrays, each time with the number of the first."""
        for start, piece in zip(self.starts.tolist(), self.pieces, strict=False):
            for first in range(0, len(piece), length):
                yield start + first, piece[first : first + length]

    def take(self, rows: npt.NDArray[Any]) -> Rows:
        """The rows with these numbers, whole: one visit to each, however many of its fields are wanted."""
        if len(self.pieces) == 1:
            return _whole(self.pieces[0], rows)
        found = np.empty(len(rows), dtype=self.dtype)
        for start, stop, piece in zip(self.starts[:-1], self.starts[1:], self.pieces, strict=True):
            here = (rows >= start) & (rows < stop)
            if here.all():
                return _whole(piece, rows - start)
            if here.any():
                found[here] = _whole(piece, rows[here] - start)
        return found


def chained(rows: Rows | Chain) -> Chain:
    """One array as a chain of one."""
    return rows if isinstance(rows, Chain) else Chain((rows,), rows.dtype)


def _whole(piece: Rows, rows: npt.NDArray[Any]) -> Rows:
    size = piece.dtype.itemsize
    if size % 8 or not piece.flags.c_contiguous:
        fields: Rows = piece[rows]
        return fields
    # As words, because numpy copies a row of words in one stroke and a row of fields one by one.
    words = piece.view(np.int64).reshape(len(piece), size // 8)
    found: Rows = words.take(rows, axis=0).view(piece.dtype)[:, 0]
    return found
