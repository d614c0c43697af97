"""Ctrl-C and SIGTERM as one sentence, at any moment: raised while a drill performs, held back while it heals."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from drdrill.errors import Aborted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Turns signals into ``Aborted`` in the main thread, except while ``held_back``."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._held = False
        self.requested: str | None = None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Signal handler: remember, and raise unless healing is under way."""
        name = signal.Signals(number).name
        self.requested = self.requested or name
        if self._held:
            self._tell(f"{name} noted: faults are being healed and evidence is being kept; this ends by itself")
            return
        self._held = True  # one interruption is enough; the second must not tear down the healing
        raise Aborted(f"the drill was aborted by {name}")

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """From here on signals are only noted, for good: what follows undoes, and must finish."""
        self._held = True
        yield


@contextmanager
def interruptible(tell: Callable[[str], None]) -> Iterator[Interruption]:
    """Install the handlers for the time of one drill, and put the old ones back."""
    interruption = Interruption(tell)
    before = {number: signal.signal(number, interruption.receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
