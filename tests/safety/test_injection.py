"""The undo is on disk before the fault, and closed only when the fault was shown to be gone."""

from pathlib import Path
from typing import Any

import pytest

from drdrill.errors import Unprovable
from drdrill.record.marks import MarkBook, read_marks
from drdrill.safety.injection import heal, inject
from drdrill.safety.undo import UndoBook


class Scratch:
    """A fault that looks at the undo book when it is injected, and can refuse to be proved."""

    name = "scratch"

    def __init__(self, book: UndoBook, *, provable: bool = True, healable: bool = True) -> None:
        self.book, self.provable, self.healable = book, provable, healable
        self.open_when_injected = 0

    def parameters(self) -> dict[str, Any]:
        return {"deep": 1}

    def inject(self) -> None:
        self.open_when_injected = len(self.book.open_undos())

    def prove(self) -> str:
        if not self.provable:
            raise Unprovable("it does not bite")
        return "it bites"

    def heal(self) -> None: ...

    def prove_healed(self) -> str:
        if not self.healable:
            raise Unprovable("it still bites")
        return "it is gone"


def _books(tmp_path: Path) -> tuple[UndoBook, MarkBook, Path]:
    marks = tmp_path / "marks.jsonl"
    return UndoBook(tmp_path / "undo.jsonl"), MarkBook(marks), marks


def test_a_whole_life(tmp_path: Path) -> None:
    book, marks, path = _books(tmp_path)
    fault = Scratch(book)
    inject(fault, book, marks)
    assert fault.open_when_injected == 1
    heal(fault, book.open_undos()[0], book, marks)
    assert book.open_undos() == ()
    told = read_marks(path)[0]
    assert [mark.name for mark in told] == ["fault.requested", "fault.proved", "fault.healed"]
    assert all(mark.detail["fault"] == "scratch" and mark.detail["deep"] == 1 for mark in told)


def test_a_fault_that_is_not_proved_stays_open(tmp_path: Path) -> None:
    book, marks, path = _books(tmp_path)
    with pytest.raises(Unprovable):
        inject(Scratch(book, provable=False), book, marks)
    assert len(book.open_undos()) == 1
    assert [mark.name for mark in read_marks(path)[0]] == ["fault.requested"]


def test_a_heal_that_is_not_proved_stays_open(tmp_path: Path) -> None:
    book, marks, _ = _books(tmp_path)
    fault = Scratch(book, healable=False)
    inject(fault, book, marks)
    with pytest.raises(Unprovable):
        heal(fault, book.open_undos()[0], book, marks)
    assert len(book.open_undos()) == 1
