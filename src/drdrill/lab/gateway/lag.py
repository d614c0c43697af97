"""How far a secondary region is behind, measured on the real write-ahead logs, and published as Aurora's metrics.

Once a second the primary's position in its log is noted with the time; the lag is the age of the newest note that the
secondary has reached. It is an upper bound: the two are not asked at the same instant. Aurora's secondaries publish the
metrics themselves, from time stamps in the stream; so while the primary or the link is silent the lag *grows* (the
secondary cannot know that there was nothing to miss), and it is no longer published once the secondary is promoted,
unreachable, or in a dark region.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from drdrill.lab.gateway.aurora import AuroraGlobal, Cluster
from drdrill.lab.gateway.darkness import Darkness
from drdrill.lab.gateway.database import Observation

EVERY_S = 1.0
_WATCH_S = 0.8
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.1
_NOTES = 3600


@dataclass(frozen=True)
class Lag:
    """Milliseconds that a secondary is behind: ``replayed`` for what it can show, ``received`` for what it holds durably."""

    replayed_ms: float
    received_ms: float


class PositionNotes:
    """Where the primary's log ended, and when that was seen: the newest hour."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=_NOTES)

    def note(self, position: int, at_ns: int) -> None:
        """Remember one look at the primary; positions never go back."""
        self._notes.append((position, at_ns))

    def age_ms(self, position: int, at_ns: int) -> float | None:
        """The age of the newest note at or before ``position``, at the time ``at_ns``; None without any note.

        A secondary that has not even reached the oldest note is at least as old as that.
        """
        if not self._notes:
            return None
        reached = bisect_right(self._notes, position, key=lambda note: note[0])
        return max(0.0, (at_ns - self._notes[max(0, reached - 1)][1]) / 1e6)

    def newest(self) -> int:
        """The newest position noted, 0 without any."""
        return self._notes[-1][0] if self._notes else 0


Publish = Callable[[Cluster, Lag], None]


class LagWatch:
    """A thread that measures and publishes the lag of every secondary once a second."""

    def __init__(self, aurora: AuroraGlobal, darkness: Darkness, publish: Publish) -> None:
        self._aurora = aurora
        self._darkness = darkness
        self._publish = publish
        self._notes = PositionNotes()
        self._noted_of: Cluster | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lag", daemon=True)
        self.newest: dict[str, Lag] = {}

    def start(self) -> None:
        """Begin to measure."""
        self._thread.start()

    def stop(self) -> None:
        """Measure no more; waits for the measurement under way."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    def _watch(self) -> None:
        due_ns = time.monotonic_ns()
        while not self._stopping.wait(max(0.0, (due_ns - time.monotonic_ns()) / 1e9)):
            due_ns = max(due_ns + int(EVERY_S * 1e9), time.monotonic_ns())
            self._note_primary()
            readers = [cluster for cluster in self._aurora.members if cluster.role == "reader"]
            for region in set(self.newest) - {reader.region for reader in readers}:
                del self.newest[region]
            for reader in readers:
                self._measure(reader)

    def _note_primary(self) -> None:
        writer = self._aurora.writer
        if writer is not self._noted_of:
            self._notes, self._noted_of = PositionNotes(), writer
        seen = writer.database.observe() if writer is not None else None
        if seen is not None and not seen.in_recovery:
            self._notes.note(seen.replayed, seen.at_ns)

    def _measure(self, reader: Cluster) -> None:
        if self._darkness.is_dark(reader.region):
            self.newest.pop(reader.region, None)
            return
        seen = self._look_until_caught_up(reader)
        lag = self._lag(reader, seen)
        if lag is None:
            self.newest.pop(reader.region, None)
            return
        self.newest[reader.region] = lag
        self._publish(reader, lag)

    def _look_until_caught_up(self, reader: Cluster) -> Observation | None:
        """Look at the secondary until it has what the primary had, for at most most of a second."""
        wanted, watched_s, pause_s = self._notes.newest(), 0.0, _FIRST_PAUSE_S
        seen = self._aurora.observe(reader)
        while seen is not None and seen.replayed < wanted and watched_s < _WATCH_S and not self._stopping.wait(pause_s):
            watched_s += pause_s
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
            if pause_s == _LONGEST_PAUSE_S:
                self._note_primary()
            seen = self._aurora.observe(reader)
        return seen

    def _lag(self, reader: Cluster, seen: Observation | None) -> Lag | None:
        if seen is None or not seen.in_recovery or reader.resyncing:
            return None
        replayed = self._notes.age_ms(seen.replayed, seen.at_ns)
        received = self._notes.age_ms(max(seen.received, seen.replayed), seen.at_ns)
        return None if replayed is None or received is None else Lag(replayed, received)
