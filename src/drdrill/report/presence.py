"""What every presence class and flag means, in words for a reader who has never seen them (measuring.md, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drdrill.model.judgement import Count, Loss
from drdrill.report.rupees import grouped, rupees

Blame = Literal["promise held", "promise broken", "allowed", "not the bank's", "defect"]

_CLASSES: dict[str, tuple[str, Blame]] = {
    "kept": ("The bank said done, and the payment is in the books.", "promise held"),
    "lost": ("The bank said done, and the payment is not in the books.", "promise broken"),
    "recovered": ("No answer was heard, and the payment is in the books.", "allowed"),
    "vanished": ("No answer was heard, and the payment is not in the books. Nothing had been promised.", "allowed"),
    "declined": ("The bank said no, or the request never left; the payment is not in the books.", "promise held"),
    "ghost": ("The bank said no, or the request never left, and yet the payment is in the books.", "defect"),
    "stranger": ("A payment is in the books that nobody asked for.", "defect"),
    "unrecorded": (
        "A payment is in the books that a recorder which died, or a damaged record, could not account for: the recorder's gap.",
        "not the bank's",
    ),
    "in doubt": (
        "Sent by a recorder that died before it could write the answer; not in the books. The bank may have said "
        "done, so it counts in the upper end of the loss.",
        "not the bank's",
    ),
}

_FLAGS: dict[str, tuple[str, Blame]] = {
    "split-brain": (
        "Sent after the disaster had been proved, answered done by the doomed side, and lost.",
        "promise broken",
    ),
    "doubled": ("Carried out more than once.", "defect"),
    "altered": ("The books hold another amount or other accounts than were asked for.", "defect"),
    "resurrected": ("Missing at first, and back in the books when the failed region returned.", "defect"),
    "overwritten": ("An answered version was replaced by one written at the same time elsewhere.", "promise broken"),
    "stale": ("A read showed an older state than the bank had already answered.", "promise broken"),
}


@dataclass(frozen=True)
class PresenceRow:
    """One line of the recovery point: a class or flag, how many, how much, and what it means."""

    name: str
    operations: str
    worth: str
    meaning: str
    blame: str
    raised: bool


def _key(name: str, separator: str) -> str:
    return name.replace("_", separator).replace("-" if separator == " " else " ", separator)


def _row(name: str, known: tuple[str, Blame] | None, found: Count | None) -> PresenceRow:
    meaning, blame = known or ("A class this report does not know; see the findings.", "defect")
    return PresenceRow(
        name=name,
        operations="not counted" if found is None else grouped(found.operations),
        worth="" if found is None else rupees(found.paise),
        meaning=meaning,
        blame=blame,
        raised=bool(found and found.operations) and blame in ("promise broken", "defect"),
    )


def _rows(known: Mapping[str, tuple[str, Blame]], counted: Mapping[str, Count], separator: str) -> list[PresenceRow]:
    found = {_key(name, separator): number for name, number in counted.items()}
    names = [*known, *sorted(set(found) - set(known))]
    return [_row(name, known.get(name), found.get(name)) for name in names]


def class_rows(loss: Loss) -> list[PresenceRow]:
    """Every presence class, counted or not; one that was not counted says so and never shows a zero."""
    return _rows(_CLASSES, loss.classes, " ")


def flag_rows(loss: Loss) -> list[PresenceRow]:
    """Every flag, counted or not."""
    return _rows(_FLAGS, loss.flags, "-")
