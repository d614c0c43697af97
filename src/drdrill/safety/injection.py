"""The life of one fault in a drill: undo written, requested, injected, proved; healed, shown to be gone, undo closed."""

from __future__ import annotations

from drdrill.model.fault import Fault, Undo
from drdrill.model.mark import FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED
from drdrill.record.marks import MarkBook
from drdrill.safety.undo import UndoBook

SOURCE = "safety.injection"


def inject(fault: Fault, book: UndoBook, marks: MarkBook) -> str:
    """Inject a fault and prove that it bites; returns the proof.

    The undo is on disk before anything is hurt. Raises what the fault raises: it may then be in force by half, and its undo
    stays open for whoever heals.
    """
    book.open_for(fault)
    detail = {"fault": fault.name, **fault.parameters()}
    marks.add(FAULT_REQUESTED, SOURCE, **detail)
    fault.inject()
    proof = fault.prove()
    marks.add(FAULT_PROVED, SOURCE, **detail, proof=proof)
    return proof


def heal(fault: Fault, undo: Undo, book: UndoBook, marks: MarkBook) -> str:
    """Heal a fault, show that it is gone, and close its undo; returns how that is known.

    Raises what the fault raises: its undo then stays open. Call it inside ``book.healing()``.
    """
    fault.heal()
    proof = fault.prove_healed()
    marks.add(FAULT_HEALED, SOURCE, fault=undo.fault, **undo.parameters, proof=proof)
    book.close(undo, proof)
    return proof
