"""How each part of a recovery looks: its colour and hatch, the same in picture, legend and table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_KNOWN = {
    "inject": ("inject", ""),
    "stop": ("inject", ""),
    "detect": ("detect", "////"),
    "decide": ("decide", "----"),
    "promote": ("promote", ""),
    "route": ("route", "\\\\\\\\"),
    "warm": ("warm", "xxxx"),
}
_ALONE = frozenset((*_KNOWN, "warm up", "stop writing"))
_MERGED = "++++"


@dataclass(frozen=True)
class PhaseLook:
    """The name of a colour in the palette, and a hatch."""

    colour: str
    hatch: str


def look(name: str) -> PhaseLook:
    """The look of a part; merged parts ("detect and decide") take the colour of the first of them."""
    colour, hatch = _KNOWN.get(_first(name), ("muted", _MERGED))
    return PhaseLook(colour, _MERGED if name.lower() not in _ALONE else hatch)


def in_order(names: Iterable[str]) -> list[str]:
    """Each name once, in the order in which a recovery goes through them; a merged part stands before its first."""
    order = list(_KNOWN)
    return sorted(
        dict.fromkeys(names),
        key=lambda name: (
            order.index(_first(name)) if _first(name) in order else len(order),
            name.lower() in _ALONE,
            name,
        ),
    )


def _first(name: str) -> str:
    words = name.replace(",", " ").lower().split()
    return words[0] if words else ""
