"""What a calibration injects: every kind of outage and of loss, and the service level under which each is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drdrill.calibration.manner import Manner
from drdrill.model.calibration import Group
from drdrill.model.drill import ServiceLevel

PROBE_SPACING_S = 0.02
WINDOW_S, GOOD_SHARE, HOLD_S = 1.0, 0.98, 0.3
"""Shorter than a drill's (S 99 %, H 10 s), so that a repetition takes seconds: at 50 probes a second a window of 1 s holds the 50
operations that 98 % needs, and two failures in it breach the level, as two of 100 do at 99 %."""

ERROR_SHARE = 0.3
ADDED_S = 1.5
SHORT_QUEUE = 8
"""Connections that a server may keep waiting. While it is stopped the queue fills, and then the kernel answers nobody: silence."""

LONG_QUEUE = 1024

Injection = Manner | Literal["stop"]


@dataclass(frozen=True)
class OutageKind:
    """One way in which the service goes away and comes back. ``lengths_s`` are the shortest and the longest outage drawn."""

    name: str
    title: str
    group: Group
    injection: Injection
    latency_s: float = 1.0
    backlog: int = 128
    lengths_s: tuple[float, float] = (0.3, 3.0)

    @property
    def level(self) -> ServiceLevel:
        """W, S, L and H of its repetitions."""
        return ServiceLevel(window_s=WINDOW_S, good_share=GOOD_SHARE, latency_s=self.latency_s, hold_s=HOLD_S)


@dataclass(frozen=True)
class LossKind:
    """One way in which the books go wrong, counted in one of the histories that a lab serves."""

    name: str
    title: str
    group: Group = "loss"


OUTAGES = (
    OutageKind("refused", "Connections are refused", "total", Manner.REFUSED),
    OutageKind("blackhole", "Nothing answers; afterwards old connections are reset", "total", Manner.SILENT),
    OutageKind("unavailable", "Every request is answered 503", "total", Manner.UNAVAILABLE),
    OutageKind("slow", f"Every answer takes {ADDED_S:g} s, longer than L", "total", Manner.SLOW),
    OutageKind(
        "stopped",
        f"The server is stopped and continued; {SHORT_QUEUE} may wait, the rest hears nothing",
        "total",
        "stop",
        latency_s=0.5,
        backlog=SHORT_QUEUE,
        lengths_s=(0.8, 3.0),  # shorter, and what waits in the queue is answered within L: not every request fails
    ),
    OutageKind(
        "stopped-queue",
        "The server is stopped and continued; all wait, and are then answered",
        "queued",
        "stop",
        latency_s=0.2,
        backlog=LONG_QUEUE,
    ),
    OutageKind("errors", f"{ERROR_SHARE:.0%} of the requests fail", "partial", Manner.ERRING, lengths_s=(1.0, 3.0)),
)

LOSSES = (
    LossKind("lost", "Acked behind a cut replication link, then the region is lost"),
    LossKind("split-brain", "Acked by the old primary after the promotion was proved"),
    LossKind("split-brain-span", "From the first of those being sent to the last being acked"),
    LossKind("doubled", "Booked twice"),
    LossKind("altered", "Booked with another amount"),
)

NAMES = tuple(kind.name for kind in (*OUTAGES, *LOSSES))
