"""drdrill: disaster-recovery drills whose numbers are true, and which leave nothing broken."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def discover(discover_system: bool = True) -> Any:
    """What an experiment may call; the door by which ``chaos discover --no-install drdrill`` comes in."""
    from drdrill import chaos  # only this door needs Chaos Toolkit; importing it takes a second

    return chaos.discover(discover_system)
