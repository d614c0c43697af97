"""Schedule lag: how much later than due the recorders themselves sent. A late probe is the instrument's fault."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Ints

_LONGEST_US = np.iinfo(np.int32).max
_NOT_SENT = -1
_SHORT_US = 1 << 12


class Lags:
    """Lags as they come in: short ones are counted by the microsecond, and only the others are kept one by one."""

    def __init__(self) -> None:
        self._short = np.zeros(_SHORT_US + 1, dtype=np.int64)
        self._long: list[npt.NDArray[np.int32]] = []

    @classmethod
    def of(cls, lags_us: npt.NDArray[np.int32]) -> Lags:
        """Some lags in microseconds; -1 (never sent) does not count."""
        lags = cls()
        lags._short = np.bincount(np.minimum(lags_us, _SHORT_US) - _NOT_SENT, minlength=_SHORT_US + 2)[-_NOT_SENT:]
        if lags._short[_SHORT_US]:
            lags._long = [lags_us[lags_us >= _SHORT_US]]
        return lags

    def add(self, more: Lags) -> None:
        """Take in others."""
        self._short += more._short
        self._long += more._long

    def p99_ns(self) -> int | None:
        """The lag that 99 % of what was sent stayed within; None when nothing was sent."""
        sent = int(self._short.sum())
        if not sent:
            return None
        place = -(-sent * 99 // 100)
        short = int(self._short[:_SHORT_US].sum())
        if place <= short:
            return int(np.searchsorted(np.cumsum(self._short[:_SHORT_US]), place)) * 1000
        late = np.concatenate(self._long)
        return int(np.partition(late, place - short - 1)[place - short - 1]) * 1000


def lag_us(sent_ns: Ints, due_ns: Ints) -> npt.NDArray[np.int32]:
    """How much later than due each operation was sent, in microseconds; -1 for what was never sent.

    Both times are one recorder's, so its offset to the drill's clock cancels out.
    """
    return np.where(sent_ns == 0, np.int32(_NOT_SENT), microseconds(sent_ns - due_ns))


def microseconds(durations_ns: Ints) -> npt.NDArray[np.int32]:
    """Durations in whole microseconds, from 0 to 35 minutes: longer ones are all the same to a chart."""
    whole: Ints = np.maximum(durations_ns, 0) // 1000
    return np.minimum(whole, _LONGEST_US).astype(np.int32)


def p99_ns(lags_us: npt.NDArray[np.int32]) -> int | None:
    """The lag that 99 % of what was sent stayed within; None when nothing was sent."""
    return Lags.of(lags_us).p99_ns()
