"""How wide an interval must be, from what is known beforehand: the rate of the probes, and how the outage ends."""

from __future__ import annotations

from drdrill.calibration.kinds import ERROR_SHARE, OutageKind
from drdrill.measure.doubt import operations_to_be_sure
from drdrill.measure.windows import operations_needed


def expected_width_s(kind: OutageKind, length_s: float, spacing_s: float) -> float:
    """The width of the interval of one outage of ``length_s``, probed every ``spacing_s``.

    Total: from the last failed probe to the first good one, which is one spacing.
    Queued: what was due within L before the end is answered at the end, in time; so from L and one spacing before it.
    Partial, with share e of errors: the level is breached by m = floor(N (1 - S)) + 1 failures among the N operations of a window,
    so windows are good again after the m-th last failure: (m - 1) / e operations before the last one, on average (the
    distance of failures is geometric with mean 1 / e). After the last failure k operations must be good before it is sure that
    the errors have ended (``drdrill.measure.doubt``: about ln(doubt) / ln(1 - e)). Together ((m - 1) / e + k) spacings.
    """
    if kind.group == "queued":
        return min(kind.latency_s, length_s) + spacing_s
    if kind.group == "partial":
        return spacing_s * (_before(kind, spacing_s) + _after(length_s, spacing_s))
    return spacing_s


def _before(kind: OutageKind, spacing_s: float) -> float:
    held = max(round(kind.level.window_s / spacing_s), operations_needed(kind.level.good_share))
    needed = int(held * (1 - kind.level.good_share) + 1e-9) + 1
    return (needed - 1) / ERROR_SHARE


def _after(length_s: float, spacing_s: float) -> int:
    due = length_s / spacing_s
    return operations_to_be_sure(round(due * ERROR_SHARE), round(due * (1 - ERROR_SHARE)))
