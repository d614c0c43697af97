"""Slots as a recorder can have left them: what died halfway is undone, what is damaged is emptied, and both are counted.

A record of a hundred million operations is examined in parts that fit a processor's cache, in place, and a part in
which nothing is wrong is not written to: a mapped record then stays the file's own pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from drdrill.model.operation import OPERATION, SEQUENCE_BITS, Failure, Kind, Operations, Outcome, State

PART = 1 << 16
"""Slots that are examined together: 4 MiB."""

_BLANK_COMPLETION = {"outcome": 0, "region": 0, "failure": 0, "status": 0, "done_ns": 0, "seen_seq": -1}
_WORDS = OPERATION.itemsize // 8

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Allowed:
    """What this recorder can have written: its number, and how many journeys and regions it has names for."""

    number: int
    journeys: int
    regions: int


@dataclass
class Examined:
    """What was found: ``torn`` slots are not judged; ``clock_back_ns`` is the farthest that the sending clock went back."""

    torn: int = 0
    clock_back_ns: int = 0
    clock_back_count: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _newest_sent_ns: int = 0

    def sentences(self, name: str, total: int) -> Iterator[str]:
        """One sentence for each kind of damage in the file of this name."""
        for what, count in self._counts.items():
            if count:
                yield f"{count} of the {total} operations in {name} {what}"
        if self.clock_back_count:
            yield (
                f"the clock of {name} went back {self.clock_back_count} times, by up to {self.clock_back_ns / 1e9:g} s: "
                "its times are right only to that"
            )

    def count(self, what: str, where: Bools) -> None:
        """Add the places where something was found."""
        self._counts[what] += int(np.count_nonzero(where))

    def note_clock(self, sent_ns: npt.NDArray[np.int64]) -> None:
        """Operations are invoked one after the other, so they are sent in the order of their slots."""
        if not len(sent_ns):
            return
        newest = np.maximum.accumulate(np.concatenate(([self._newest_sent_ns], sent_ns)))
        back = newest[:-1] - sent_ns
        self.clock_back_count += int(np.count_nonzero(back > 0))
        self.clock_back_ns = max(self.clock_back_ns, int(back.max()))
        self._newest_sent_ns = int(newest[-1])


def last_invoked(slots: Operations) -> tuple[int, int]:
    """How many slots lead up to the newest invocation, and how many after it hold half of one (their sender died)."""
    halves = 0
    for first in range((max(len(slots) - 1, 0) // PART) * PART, -1, -PART):
        part = slots[first : first + PART]
        invoked = np.flatnonzero(part["state"])
        used = int(invoked[-1]) + 1 if len(invoked) else 0
        words = part[used:].view(np.int64).reshape(-1, _WORDS)
        halves += int(np.count_nonzero(words.any(axis=1)))
        if used:
            return first + used, halves
    return 0, halves


def examine(slots: Operations, allowed: Allowed) -> Examined:
    """Bring every slot into a state that a recorder can have left it in, and say what was amiss."""
    examined = Examined()
    for first in range(0, len(slots), PART):
        _examine(slots[first : first + PART], first, allowed, examined)
    return examined


def _examine(part: Operations, first: int, allowed: Allowed, examined: Examined) -> None:
    state = np.ascontiguousarray(part["state"])
    empty = state == State.EMPTY
    _undo_halves(part, state == State.INVOKED, examined)
    expected = (allowed.number << SEQUENCE_BITS) + np.arange(first, first + len(part), dtype=np.int64)
    wrong_id = part["op_id"] != expected
    sent_ns, done_ns = np.ascontiguousarray(part["sent_ns"]), np.ascontiguousarray(part["done_ns"])
    torn = np.zeros(len(part), dtype=np.bool_)
    for what, where in (
        ("are holes in the sequence; they are not judged", empty),
        ("carry an id that is not theirs; they are not judged", ~empty & wrong_id),
        (
            "hold values that no recorder writes; they are not judged",
            ~empty & _strange(part, state, sent_ns, done_ns, allowed),
        ),
        ("were done before they were sent; they are not judged", (state == State.COMPLETED) & (done_ns < sent_ns)),
    ):
        examined.count(what, where & ~torn)
        torn |= where
    if torn.any():
        part[torn] = np.zeros((), dtype=OPERATION)
        examined.torn += int(np.count_nonzero(torn))
    if torn.any() or wrong_id.any():
        part["op_id"] = expected
    left = ~torn & (sent_ns > 0)
    examined.note_clock(sent_ns[left])
    examined.count("were sent before they were due", left & (sent_ns < part["due_ns"]))


def _undo_halves(part: Operations, invoked: Bools, examined: Examined) -> None:
    """A completion without its state byte did not happen."""
    if not invoked.any():
        return
    half = np.zeros(len(part), dtype=np.bool_)
    for name, blank in _BLANK_COMPLETION.items():
        half |= invoked & (part[name] != blank)
    if half.any():
        examined.count(
            "hold half a completion (their recorder died as it wrote it), so their answer is not known", half
        )
        for name, blank in _BLANK_COMPLETION.items():
            part[name][half] = blank


def _strange(
    part: Operations,
    state: npt.NDArray[np.uint8],
    sent_ns: npt.NDArray[np.int64],
    done_ns: npt.NDArray[np.int64],
    allowed: Allowed,
) -> Bools:
    outcome = np.ascontiguousarray(part["outcome"])
    words = (
        (state > max(State))
        | (part["kind"] > max(Kind))
        | (part["journey"] >= allowed.journeys)
        | (part["region"] >= allowed.regions)
        | (outcome > max(Outcome))
        | (part["failure"] > max(Failure))
    )
    answered = (outcome == Outcome.ACKED) | (outcome == Outcome.REFUSED)
    strange: Bools = words | ((state == State.COMPLETED) & (done_ns <= 0)) | (answered & (sent_ns <= 0))
    return strange
