"""Bugs that can be planted in the bank, so that the judge can be shown to convict them.

Written as a comma separated list; each name may say how often: ``ghost`` (every 20th request of a worker),
``ghost/7`` (every 7th), ``ghost=0.05`` (each with that probability; the draw is seeded, so it can be repeated).

==================  =====================================================================================
ack-before-commit   answers done, then rolls back: a broken promise (lost)
ghost               commits, then answers not_done
doubled             books the transfer twice: four entries for one operation; needs a schema prepared for it
altered             books one paisa more than was asked
stranger            books, beside the transfer, one that nobody asked for
unbalanced          books the credit without its debit
stale               answers reads with what it first remembered of the account
flapping            answers everything with 500 in every second window of 2 s (takes no frequency)
==================  =====================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drdrill.errors import BadInput

NAMES = ("ack-before-commit", "ghost", "doubled", "altered", "stranger", "unbalanced", "stale", "flapping")
USUALLY_EVERY = 20

_WRITTEN = re.compile(r"(?P<name>[a-z-]+)(?:/(?P<every>[1-9]\d*)|=(?P<share>0?\.\d+|1(?:\.0*)?))?")


@dataclass(frozen=True)
class Defect:
    """One planted bug: every ``every``-th request is hit, or each with probability ``share``."""

    name: str
    every: int | None = USUALLY_EVERY
    share: float | None = None


def parse_defects(text: str) -> tuple[Defect, ...]:
    """The defects that a text such as ``ghost/7,stale=0.1`` names; ``none`` or nothing is none. Raises ``BadInput``."""
    words = [word.strip() for word in text.split(",") if word.strip() not in ("", "none")]
    problems = [problem for word in words if (problem := _problem(word)) is not None]
    if problems:
        raise BadInput("no bug is planted", problems)
    return tuple(_parse(word) for word in words)


def allows_doubles(text: str) -> bool:
    """Whether these defects need a schema that lets one operation be booked twice."""
    return any(defect.name == "doubled" for defect in parse_defects(text))


def _problem(word: str) -> str | None:
    match = _WRITTEN.fullmatch(word)
    if match is None:
        return f"{word!r} is not a defect; write a name, name/20 for every 20th, or name=0.05 for a probability"
    if match["name"] not in NAMES:
        return f"{match['name']!r} is not a defect; known are {', '.join(NAMES)}"
    if match["name"] == "flapping" and (match["every"] or match["share"]):
        return "flapping goes by the clock: it takes no frequency"
    return None


def _parse(word: str) -> Defect:
    match = _WRITTEN.fullmatch(word)
    assert match is not None, "checked by _problem"
    if match["share"] is not None:
        return Defect(match["name"], every=None, share=float(match["share"]))
    return Defect(match["name"], every=int(match["every"] or USUALLY_EVERY))
