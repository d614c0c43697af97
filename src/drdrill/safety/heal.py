"""Heal every fault that may still be in force, from any process: the watchdog, the performer, or a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drdrill.errors import DrillError
from drdrill.faults.catalogue import make_fault
from drdrill.faults.reach import Reach
from drdrill.lab.control import LAB_FILE
from drdrill.model.estate import Session
from drdrill.model.fault import Undo
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import MarkBook
from drdrill.safety.injection import heal
from drdrill.safety.undo import UndoBook


def undo_book(session: Session) -> UndoBook:
    """The undo book of an open drill."""
    return UndoBook(RecordFolder(Path(session.evidence_dir)).undo)


def heal_open_faults(session: Session, which: Callable[[Undo], bool] = lambda _: True) -> list[str]:
    """Heal what is open, newest first, and say of each what became of it.

    Stops at the first fault that refuses, and raises its ``DrillError``: an older fault's heal could open a link that this
    one's isolation still needs. A lab that is gone has taken its faults with it; their undos are closed with that sentence.
    """
    book = undo_book(session)
    marks = MarkBook(RecordFolder(Path(session.evidence_dir)).marks)
    with book.healing():
        return [_heal_one(session, undo, book, marks) for undo in book.open_undos() if which(undo)]


def _heal_one(session: Session, undo: Undo, book: UndoBook, marks: MarkBook) -> str:
    if lab_is_gone(session):
        return _gone_with_the_lab(undo, book)
    try:
        fault = make_fault(undo.fault, undo.parameters, Reach.to(session.estate, marks))
        return f"{undo.fault} is healed: {heal(fault, undo, book, marks)}"
    except DrillError:
        # The lab dies with its owner, perhaps in the middle of this very heal.
        if lab_is_gone(session):
            return _gone_with_the_lab(undo, book)
        raise


def lab_is_gone(session: Session) -> bool:
    """Whether the lab has been taken down: its directory no longer says where it is."""
    lab_dir = session.estate.lab_dir
    return lab_dir is not None and not (Path(lab_dir) / LAB_FILE).exists()


def _gone_with_the_lab(undo: Undo, book: UndoBook) -> str:
    sentence = f"{undo.fault} is gone: the lab that it was injected into no longer exists"
    book.close(undo, sentence)
    return sentence
