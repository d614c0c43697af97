"""Schedule lag: how much later than due the recorders themselves sent. A late probe is the instrument's fault."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Ints
from drdrill.model.operation import State

_LONGEST_US = np.iinfo(np.int32).max
_NOT_SENT = -1


def schedule_lag_p99_ns(attempts: Attempts) -> int | None:
    """The lag that 99 % of all sent operations stayed within; None when nothing was sent."""
    lags_us = np.empty(len(attempts.operations), dtype=np.int32)
    for part in attempts.parts():
        unused = part.column("state") == State.EMPTY
        lags_us[part.rows] = np.where(unused, _NOT_SENT, lag_us(part.column("sent_ns"), part.column("due_ns")))
    return p99_ns(lags_us)


def lag_us(sent_ns: Ints, due_ns: Ints) -> npt.NDArray[np.int32]:
    """How much later than due each operation was sent, in microseconds; -1 for what was never sent.

    Both times are one recorder's, so its offset to the drill's clock cancels out.
    """
    return np.where(sent_ns == 0, np.int32(_NOT_SENT), microseconds(sent_ns - due_ns))


def microseconds(durations_ns: Ints) -> npt.NDArray[np.int32]:
    """Durations in whole microseconds, from 0 to 35 minutes: longer ones are all the same to a chart."""
    return np.clip(durations_ns // 1000, 0, _LONGEST_US).astype(np.int32)


def p99_ns(lags_us: npt.NDArray[np.int32]) -> int | None:
    """The lag that 99 % of what was sent stayed within; None when nothing was sent."""
    unsent = int(np.count_nonzero(lags_us == _NOT_SENT))
    sent = len(lags_us) - unsent
    if not sent:
        return None
    place = unsent + -(-sent * 99 // 100) - 1
    return int(np.partition(lags_us, place)[place]) * 1000
