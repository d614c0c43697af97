"""Presence classes and flags: what became of every id, attempted or found (docs/measuring.md, section 4)."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np


class Presence(IntEnum):
    """The one class of an id. ``NONE`` is for rows that claim no presence: reads and slots never used."""

    NONE = 0
    KEPT = 1
    LOST = 2
    RECOVERED = 3
    VANISHED = 4
    DECLINED = 5
    GHOST = 6
    STRANGER = 7
    UNRECORDED = 8
    IN_DOUBT = 9

    @property
    def word(self) -> str:
        """The name as reports write it: ``in doubt``."""
        return self.name.lower().replace("_", " ")


class Flag(IntFlag):
    """What else is true of an id, beside its class."""

    SPLIT_BRAIN = 1
    DOUBLED = 2
    ALTERED = 4
    RESURRECTED = 8
    STALE = 16

    @property
    def bit(self) -> np.uint8:
        """The flag in an array of flags."""
        return np.uint8(self.value)

    @property
    def word(self) -> str:
        """The name as reports write it: ``split-brain``."""
        return str(self.name).lower().replace("_", "-")
