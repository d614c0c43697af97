"""The colours, once: the pictures and the page draw from this table, on light and on dark screens.

Colour never stands alone: every series also has a hatch or a line style, and its luminance differs from its
neighbours', so that a grey print and a colour-blind reader see the same picture. Light values are unique, because a
picture is drawn in them and each is then replaced by the name of its colour.
"""

from __future__ import annotations

PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1b2430", "#e8edf3"),
    "muted": ("#55606f", "#a9b4c2"),
    "paper": ("#ffffff", "#141a21"),
    "panel": ("#f5f7fa", "#1c242d"),
    "line": ("#d5dbe3", "#36414e"),
    "link": ("#0b5a9c", "#7fbcf2"),
    "good": ("#a9cdea", "#3b6f9a"),
    "late": ("#efc75e", "#a8862a"),
    "refused": ("#e0913f", "#c8772d"),
    "unknown": ("#b8431c", "#ea6a3c"),
    "unsent": ("#41204f", "#c9a0e0"),
    "hatch": ("#2b3442", "#0c1116"),
    "shade": ("#e9e4da", "#2d2a24"),
    "rule": ("#3a4656", "#c3ccd7"),
    "p50": ("#0b6b8a", "#5cc3e6"),
    "p99": ("#8a1f5c", "#f08cc4"),
    "inject": ("#4a5361", "#8c97a6"),
    "detect": ("#c5def2", "#2f6c9e"),
    "decide": ("#f2d479", "#9c7d22"),
    "promote": ("#4f9d86", "#3d9c80"),
    "route": ("#c98fbf", "#a8609c"),
    "warm": ("#dd8a5a", "#c0683a"),
    "kept": ("#cfe0ee", "#2c4a63"),
    "lost": ("#a63a16", "#f07a4c"),
    "split": ("#371a45", "#d3aee8"),
}
"""Name of a colour, its value on a light screen and in print, its value on a dark screen."""


def light(name: str) -> str:
    """The value of a colour on a light screen."""
    return PALETTE[name][0]
