"""The undo book: what is open, in which order, and what a torn line may not do."""

from pathlib import Path
from typing import Any

from drdrill.safety.undo import UndoBook


class Scratch:
    """A fault that hurts nobody."""

    name = "scratch"

    def __init__(self, number: int) -> None:
        self.number = number

    def parameters(self) -> dict[str, Any]:
        return {"number": self.number}

    def inject(self) -> None: ...

    def prove(self) -> str:
        return "scratched"

    def heal(self) -> None: ...

    def prove_healed(self) -> str:
        return "smooth"


def test_the_newest_fault_is_healed_first(tmp_path: Path) -> None:
    book = UndoBook(tmp_path / "undo.jsonl")
    for number in (1, 2, 3):
        book.open_for(Scratch(number))
    assert [undo.parameters["number"] for undo in book.open_undos()] == [3, 2, 1]


def test_a_closed_undo_is_not_open_for_any_reader(tmp_path: Path) -> None:
    path = tmp_path / "undo.jsonl"
    kept, closed = (UndoBook(path).open_for(Scratch(number)) for number in (1, 2))
    UndoBook(path).close(closed, "smooth")
    assert UndoBook(path).open_undos() == (kept,)


def test_a_torn_line_hides_neither_the_line_before_nor_the_line_after(tmp_path: Path) -> None:
    path = tmp_path / "undo.jsonl"
    book = UndoBook(path)
    first = book.open_for(Scratch(1))
    with path.open("ab") as file:
        file.write(b'{"state":"open","undo":{"undo_')
    second = book.open_for(Scratch(2))
    assert book.open_undos() == (second, first)


def test_without_a_book_nothing_is_open(tmp_path: Path) -> None:
    assert UndoBook(tmp_path / "undo.jsonl").open_undos() == ()
