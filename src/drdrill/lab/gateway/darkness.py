"""Regions whose API does not answer: a call signed for one hangs until its client leaves."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable

LOOK_S = 0.1
HANG_LIMIT_S = 600.0


class HungUp(ConnectionAbortedError):
    """The call ended without an answer; the server closes the connection and writes nothing."""


class Darkness:
    """Which regions are dark, and the calls that hang because of it. Thread-safe."""

    def __init__(self) -> None:
        self._dark: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._hanging = 0
        self._lock = threading.Lock()
        self._on_light: list[Callable[[str], None]] = []

    @property
    def regions(self) -> frozenset[str]:
        """The regions that are dark now."""
        return self._dark

    @property
    def hanging(self) -> int:
        """How many calls hang now."""
        return self._hanging

    def when_lit(self, act: Callable[[str], None]) -> None:
        """Have ``act`` called with a region's name whenever it becomes reachable again."""
        self._on_light.append(act)

    def set(self, region: str, dark: bool) -> None:
        """Make a region dark, or light again; twice is as good as once."""
        with self._lock:
            was_dark = region in self._dark
            self._dark = self._dark | {region} if dark else self._dark - {region}
        if was_dark and not dark:
            for act in self._on_light:
                act(region)

    def is_dark(self, region: str) -> bool:
        """Whether calls signed for the region hang."""
        return region in self._dark

    def hang_if_dark(self, region: str, connection: socket.socket | None) -> None:
        """Return at once for a lit region; else hang until the client leaves, then raise ``HungUp``.

        Also ends when the region is lit again (what was sent into a dark region stays lost: the client must ask again),
        when the gateway stops, and after ten minutes.
        """
        if not self.is_dark(region):
            return
        with self._lock:
            self._hanging += 1
        try:
            deadline = time.monotonic() + HANG_LIMIT_S
            while self.is_dark(region) and not self._stopping.is_set() and time.monotonic() < deadline:
                if connection is None or _has_left(connection):
                    break
        finally:
            with self._lock:
                self._hanging -= 1
        raise HungUp(f"no answer: {region} is dark")

    def stop(self) -> None:
        """Let every hanging call go."""
        self._stopping.set()


def _has_left(connection: socket.socket) -> bool:
    """Wait a moment, then say whether the client has closed its end."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(LOOK_S * 1000))
