"""Labels for vertical lines that never overlap each other, and that no other label's line runs through.

Each label is a flag on a pole at its moment. Flags fly to the right of their pole, or to the left where they would
leave the picture. A flag that would cover a neighbour's pole is hoisted above that neighbour's flag.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A label at ``x`` of the given ``width`` (same unit), flying left or right, in row ``row`` (0 is the lowest)."""

    text: str
    x: float
    width: float
    leftward: bool
    row: int

    @property
    def begins(self) -> float:
        """The left end of the label."""
        return self.x - self.width if self.leftward else self.x

    @property
    def ends(self) -> float:
        """The right end of the label."""
        return self.x if self.leftward else self.x + self.width


def hoisted(labels: list[tuple[float, str, float]], right_edge: float) -> list[Flag]:
    """Give each label (x, text, width) a direction and a row; returned from left to right."""
    ordered = sorted(labels, key=lambda label: label[0])
    leftward = _leftward(ordered, right_edge)
    placed: list[Flag] = []
    rightward_ones = [label for label, left in zip(ordered, leftward, strict=True) if not left]
    leftward_ones = [label for label, left in zip(ordered, leftward, strict=True) if left]
    for x, text, width in reversed(rightward_ones):
        placed.append(_above(Flag(text, x, width, leftward=False, row=0), placed))
    for x, text, width in leftward_ones:
        placed.append(_above(Flag(text, x, width, leftward=True, row=0), placed))
    return sorted(placed, key=lambda flag: flag.x)


def _leftward(ordered: list[tuple[float, str, float]], right_edge: float) -> list[bool]:
    # A flag that covers the pole of a leftward one turns leftward too: otherwise each would have to be above the other.
    first_left = right_edge
    turned = []
    for x, _, width in reversed(ordered):
        left = x + width > first_left
        if left:
            first_left = min(first_left, x)
        turned.append(left)
    return turned[::-1]


def _above(flag: Flag, placed: list[Flag]) -> Flag:
    in_the_way = [other.row for other in placed if other.begins <= flag.ends and other.ends >= flag.begins]
    return Flag(flag.text, flag.x, flag.width, flag.leftward, 1 + max(in_the_way, default=-1))
