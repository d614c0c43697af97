"""What a time scale divides, and what it cannot: the bank's own clock can run faster, a machine's steps cannot.

Divided by the scale: objectives in seconds, the baseline, the snapshot interval, the monitor's interval and time-outs, and the
longest duration of a drill. Not divided: what one customer's request is measured by (window, latency, deadline, spacing, hold), because
no request becomes faster, and the front door's own timing, which the target states for the lab. A time-out
is never divided below what a machine needs for the step that it bounds.
"""

from __future__ import annotations

LOOK_FLOOR_S = 1.0
"""The shortest time-out of one look of the monitor: a connection on a busy machine."""

DURATION_FLOOR_S = 300.0
"""The shortest limit of a drill: opening, holding, healing and reading are not scaled."""

PROBLEM = "the time scale must be 1 (full scale) or more"


def scaled_s(full_s: float, scale: float, *, floor_s: float = 0.0) -> float:
    """A time at full scale as it is at this scale, in seconds; never below ``floor_s``, unless it is shorter at full scale."""
    return max(full_s / scale, min(floor_s, full_s))
