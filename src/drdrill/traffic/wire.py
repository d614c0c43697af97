"""All attempts under way: watched by one epoll, ended by their deadlines, counted.

The same loop carries the prober and Locust's dispatcher. It knows nothing of greenlets: whoever owns it waits for
``fileno()`` as their world waits, and then calls ``turn``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from drdrill.traffic.journeys import Errand
from drdrill.traffic.request import Attempt
from drdrill.traffic.resolver import LOOKUP_LIMIT_S, NameNotResolved, Resolver, SocketAddress

EVENTS_A_TURN = 256


class Poller(Protocol):
    """What is used of ``select.epoll``."""

    def register(self, fd: int, eventmask: int) -> None:
        """Watch a socket."""

    def modify(self, fd: int, eventmask: int) -> None:
        """Watch it for something else."""

    def unregister(self, fd: int) -> None:
        """Stop watching."""

    def poll(self, timeout: float | None, maxevents: int) -> list[tuple[int, int]]:
        """Wait for sockets that are ready."""

    def fileno(self) -> int:
        """The descriptor of the poller itself; readable when one of its sockets is ready."""

    def close(self) -> None:
        """Give it back."""


Begin = Callable[[int, Errand, bytes, int], Attempt]
"""Makes an attempt of an operation's id, its errand, its request, and when it was due (ns)."""

Ended = Callable[[Attempt, int], None]
"""Told of every attempt that ended, and when (``time.monotonic_ns``)."""


class Wire:
    """Attempts on their way to one door. All have the same time to live, so their deadlines are in order.

    Connections that stand after their answer are kept, and carry the next errand: the one that rested for the shortest
    time first. They belong to the address that the name has: when a later look-up finds another one, those to the old one
    are closed as soon as they carry nothing. While there is one to use, nobody waits for a look-up, and one that fails hurts nobody.
    """

    def __init__(
        self,
        poller: Poller,
        resolver: Resolver,
        begin: Begin,
        ended: Ended,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._poller = poller
        self._resolver = resolver
        self._begin = begin
        self._ended = ended
        self._now_ns = now_ns
        self._watched: dict[int, Attempt] = {}
        self._resting: dict[Attempt, None] = {}
        self._address: SocketAddress | None = None
        self._waiting: list[Attempt] = []
        self._deadlines: deque[tuple[int, int, Attempt]] = deque()
        self._lookup: int | None = None
        self._lookup_until_ns = 0
        self.in_flight = 0
        self.sent = 0
        """How many attempts were begun."""
        self.opened = 0
        """How many connections were begun for them."""

    def fileno(self) -> int:
        """Readable when ``turn`` has something to do before the next deadline."""
        return self._poller.fileno()

    def send(self, op_id: int, errand: Errand, request: bytes, due_ns: int, now_ns: int, deadline_ns: int) -> None:
        """Begin an attempt. It may have ended when this returns."""
        self.in_flight += 1
        self.sent += 1
        address = self._resolver.address(now_ns)
        if address is not self._address and address is not None:
            self._move_to(address)
        if self._resting:
            attempt, _ = self._resting.popitem()
            self._deadlines.append((deadline_ns, op_id, attempt))
            self._watch(attempt, attempt.again(op_id, errand, request, due_ns))
        else:
            attempt = self._begin(op_id, errand, request, due_ns)
            self._deadlines.append((deadline_ns, op_id, attempt))
            if address is not None:
                self._connect(attempt, address)
                return
            self._waiting.append(attempt)
        if address is None and self._lookup is None:
            self._begin_lookup(now_ns)

    def turn(self, wait_s: float = 0.0) -> None:
        """Wait for at most ``wait_s``, go on with every attempt that can, and end those whose time is over.

        An answer that lies ready when its deadline passes is heard: it ends late, and not in silence.
        """
        events = self._poller.poll(wait_s, EVENTS_A_TURN)
        watched = self._watched
        for descriptor, _ in events:
            attempt = watched.get(descriptor)
            if attempt is None:
                if descriptor == self._lookup:
                    self._end_lookup()
            elif attempt.answer is None:
                self._watch(attempt, attempt.ready())
            elif not attempt.still_stands():
                self._let_go(attempt)
        if len(events) < EVENTS_A_TURN:
            self._expire()

    def next_deadline_ns(self) -> int | None:
        """When the next attempt's time is over, if any is under way."""
        self._drop_ended()
        if not self._deadlines:
            return None
        deadline_ns = self._deadlines[0][0]
        return deadline_ns if self._lookup is None else min(deadline_ns, self._lookup_until_ns)

    def close(self) -> None:
        """End what is under way in silence, hang up what rests, and give the poller back."""
        self._drop_ended()
        while self._deadlines:
            self._give_up(self._deadlines[0][2])
            self._drop_ended()
        self._drop_resting()
        self._stop_lookup()
        self._poller.close()

    def _connect(self, attempt: Attempt, address: SocketAddress) -> None:
        self.opened += 1
        wanted = attempt.connect(address)
        if not wanted:
            self._end(attempt)
            return
        attempt.wanted = wanted
        self._poller.register(attempt.descriptor, wanted)
        self._watched[attempt.descriptor] = attempt

    def _watch(self, attempt: Attempt, wanted: int) -> None:
        """Watch on for what the attempt waits for; nothing: it has ended, and its connection stands or is closed."""
        if wanted == attempt.wanted:
            return
        if wanted:
            attempt.wanted = wanted
            self._poller.modify(attempt.descriptor, wanted)
            return
        if not attempt.stands:
            del self._watched[attempt.descriptor]
        self._end(attempt)

    def _end(self, attempt: Attempt) -> None:
        self.in_flight -= 1
        self._ended(attempt, self._now_ns())
        if attempt.stands:
            self._resting[attempt] = None
            if attempt.address != self._address:
                self._let_go(attempt)

    def _let_go(self, attempt: Attempt) -> None:
        """Close a connection that rests."""
        del self._resting[attempt]
        del self._watched[attempt.descriptor]
        attempt.hang_up()

    def _move_to(self, address: SocketAddress) -> None:
        """The name has this address now: connections that rest at another one are closed."""
        if address != self._address:
            self._drop_resting()
        self._address = address

    def _drop_resting(self) -> None:
        for attempt in list(self._resting):
            self._let_go(attempt)

    def _expire(self) -> None:
        now_ns = self._now_ns()
        if self._lookup is not None and now_ns >= self._lookup_until_ns:
            self._stop_lookup()
            self._fail_waiting()
        self._drop_ended()
        while self._deadlines and self._deadlines[0][0] <= now_ns:
            self._give_up(self._deadlines[0][2])
            self._drop_ended()

    def _drop_ended(self) -> None:
        deadlines = self._deadlines
        while deadlines:
            _, op_id, attempt = deadlines[0]
            if attempt.op_id == op_id and attempt.answer is None:
                return
            deadlines.popleft()

    def _give_up(self, attempt: Attempt) -> None:
        if attempt in self._waiting:
            self._waiting.remove(attempt)
        else:
            del self._watched[attempt.descriptor]
        attempt.expire()
        self._end(attempt)

    def _begin_lookup(self, now_ns: int) -> None:
        try:
            self._lookup = self._resolver.begin(now_ns)
        except NameNotResolved:
            self._fail_waiting()
            return
        self._lookup_until_ns = now_ns + int(LOOKUP_LIMIT_S * 1e9)
        self._poller.register(self._lookup, 1)

    def _end_lookup(self) -> None:
        """Read the answer; the resolver closes its descriptor, and epoll forgets a closed one by itself."""
        try:
            address = self._resolver.finish()
        except NameNotResolved:
            self._lookup = None
            self._fail_waiting()
            return
        if address is None:
            return
        self._lookup = None
        self._move_to(address)
        waiting, self._waiting = self._waiting, []
        for attempt in waiting:
            self._connect(attempt, address)

    def _stop_lookup(self) -> None:
        self._resolver.abandon()
        self._lookup = None

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for attempt in waiting:
            attempt.fail_to_resolve()
            self._end(attempt)
