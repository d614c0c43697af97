"""One direction of one connection through a relay: bytes wait here until they are due, and keep their order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from drdrill.lab.link import Flow

HELD_BYTES_MAX = 16 << 20
"""A stream that holds more than this stops reading, so that the sender feels it."""

THROTTLED_HELD_BYTES_MAX = 256 << 10
PIECES_PER_S = 20


class Lane:
    """One direction of a whole link: all its connections share the bytes a second."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.free_at = 0.0
        self.handed_over = 0

    def due(self, now: float, size: int) -> float:
        """When bytes that arrive now may leave; takes their share of the link."""
        due = now + self.flow.delay_s
        if self.flow.bytes_per_s is not None and size:
            self.free_at = max(self.free_at, now) + size / self.flow.bytes_per_s
            due = max(due, self.free_at + self.flow.delay_s)
        return due

    def piece(self, size: int) -> int:
        """How many of these bytes go in one piece: throttled links carry small ones, so that they flow."""
        return size if self.flow.bytes_per_s is None else max(1, int(self.flow.bytes_per_s / PIECES_PER_S))

    def held_max(self) -> int:
        """How many bytes one stream may hold back before it stops reading."""
        return HELD_BYTES_MAX if self.flow.bytes_per_s is None else THROTTLED_HELD_BYTES_MAX


class Stream:
    """Bytes on their way from ``source`` to ``sink``; an empty chunk is the end, and is passed on as a half-close."""

    def __init__(self, lane: Lane, loop: asyncio.AbstractEventLoop, on_end: Callable[[], None]) -> None:
        self._lane = lane
        self._loop = loop
        self._on_end = on_end
        self._held: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._last_due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sink_is_full = False
        self._source_waits = False
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self.ended = False

    def feed(self, data: bytes) -> None:
        """Take bytes from the source (none: the end of the stream)."""
        self._hold(data, self._loop.time())
        self._pump()

    def swallow(self) -> None:
        """Drop everything that is still on its way, and let the source speak into the void."""
        self._held.clear()
        self._held_bytes = 0
        self._mind_the_source()

    def retime(self) -> None:
        """The lane's flow has changed: what is held back gets new times, in the same order."""
        held, now = list(self._held), self._loop.time()
        self._held.clear()
        self._held_bytes, self._last_due = 0, 0.0
        for _, data in held:
            self._hold(data, now)
        self._pump()

    def attach_sink(self, sink: asyncio.Transport) -> None:
        """The far side is connected: what has come in meanwhile can go."""
        self.sink = sink
        self._pump()

    def sink_full(self, full: bool) -> None:
        """The sink cannot take more for now, or can again."""
        self._sink_is_full = full
        self._pump()

    def _hold(self, data: bytes, now: float) -> None:
        if not data:
            self._append(b"", now, 0)
        start = 0
        while start < len(data):
            size = self._lane.piece(len(data))
            piece = data[start : start + size]
            self._append(piece, now, len(piece))
            start += size

    def _append(self, piece: bytes, now: float, size: int) -> None:
        self._last_due = max(self._last_due, self._lane.due(now, size))
        self._held.append((self._last_due, piece))
        self._held_bytes += size

    def _pump(self) -> None:
        while self._held and self.sink is not None and not self._sink_is_full:
            due, data = self._held[0]
            if due > self._loop.time():
                self._wake_at(due)
                break
            self._held.popleft()
            self._held_bytes -= len(data)
            self._hand_over(self.sink, data)
        self._mind_the_source()

    def _hand_over(self, sink: asyncio.Transport, data: bytes) -> None:
        if sink.is_closing():
            return
        if data:
            self._lane.handed_over += len(data)
            sink.write(data)
            return
        self.ended = True
        # Whoever was to be told may have reset the connection since; its loss is on its way, and no other link may suffer.
        with contextlib.suppress(OSError):
            sink.write_eof()
        self._on_end()

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._pump)

    def _mind_the_source(self) -> None:
        wait = self._held_bytes > self._lane.held_max()
        if self.source is None or self.source.is_closing() or wait == self._source_waits:
            return
        self._source_waits = wait
        if wait:
            self.source.pause_reading()
        else:
            self.source.resume_reading()
