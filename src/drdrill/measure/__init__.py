"""Floor 1: from a closed history to findings. No clock, no disk, no network: same history, same bytes.

``judge`` is the only door. The files are the nouns of docs/measuring.md; nothing here knows how a drill is performed
or how a report looks.
"""

from drdrill.measure.judging import judge

__all__ = ["judge"]
