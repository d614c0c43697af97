"""Exactly so many acknowledged transfers: what an experiment sends when the loss must be known beforehand."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from itertools import repeat

from drdrill.errors import Unprovable
from drdrill.model.estate import Session
from drdrill.model.operation import Outcome
from drdrill.record.operations import OperationRecorder
from drdrill.traffic.answer import Answer
from drdrill.traffic.briefing import Briefing
from drdrill.traffic.journeys import JOURNEYS, TRANSFER, Errand, round_robin
from drdrill.traffic.open_loop import OpenLoop
from drdrill.traffic.resolver import Resolver

IN_FLIGHT_MAX = 16
LIMIT_S = 60.0
PAUSE_NS = 50_000_000
"""After a transfer that was not acked the next is not sent before this: a refused connection costs nothing, and there
would be thousands a second."""


def send_transfers(
    session: Session,
    count: int,
    recorder_number: int,
    *,
    limit_s: float = LIMIT_S,
    errands: Iterator[Errand] | None = None,
    resolver: Resolver | None = None,
) -> list[int]:
    """Send transfers through the front door until exactly ``count`` are acked; returns the ids of those.

    They have a recorder of their own (by convention 90 to 99; a number serves once in a drill).
    Never more are in flight than acks are missing, so there is no ack too many. What ends otherwise is
    recorded as it ended, and replaced by another transfer. ``errands`` None draws them from the plan's seed; ``resolver`` None
    finds the front door as every customer does. Raises ``Unprovable`` when ``limit_s`` passes before, or no errand is left.
    """
    briefing = Briefing.of(session)
    with briefing.recorder(recorder_number, f"transfers-{recorder_number}") as recorder:
        return _Sending(briefing, recorder, count, errands, resolver).until_acked(limit_s)


class _Sending:
    """A closed loop over the open loop's own sending: the next transfer is due when a place is free."""

    def __init__(
        self,
        briefing: Briefing,
        recorder: OperationRecorder,
        count: int,
        errands: Iterator[Errand] | None,
        resolver: Resolver | None,
    ) -> None:
        self._count = count
        self._recorder = recorder
        self._acked: list[int] = []
        self._not_before_ns = 0
        self._errands = errands or round_robin(
            [JOURNEYS[TRANSFER]], briefing.traffic.accounts, briefing.drill.seed + recorder.number
        )
        resolver = resolver or briefing.resolver()
        self._loop = OpenLoop(
            iter(()), self._errands, recorder, briefing.terms(), select.epoll(), resolver, told=self._told
        )

    def until_acked(self, limit_s: float) -> list[int]:
        """Send until the count is reached."""
        until_ns = time.monotonic_ns() + int(limit_s * 1e9)
        try:
            while len(self._acked) < self._count:
                if time.monotonic_ns() >= until_ns:
                    raise Unprovable(
                        f"the drill goes no further: {len(self._acked)} of {self._count} transfers were acked within "
                        f"{limit_s:g} s, of {self._recorder.used} sent"
                    )
                self._send_missing()
                pause_s = (self._not_before_ns - time.monotonic_ns()) / 1e9
                self._loop.turn(min(self._loop.rest_s(), pause_s) if pause_s > 0 else self._loop.rest_s())
        finally:
            self._loop.close()
        return self._acked

    def _send_missing(self) -> None:
        if time.monotonic_ns() < self._not_before_ns:
            return
        missing = self._count - len(self._acked) - self._loop.in_flight
        for _ in repeat(None, min(missing, IN_FLIGHT_MAX - self._loop.in_flight)):
            errand = next(self._errands, None)
            if errand is None:
                raise Unprovable(
                    f"the drill goes no further: {len(self._acked)} of {self._count} transfers were acked, and no errand is left"
                )
            self._loop.send(errand, time.monotonic_ns())

    def _told(self, op_id: int, _errand: Errand, answer: Answer, _due_ns: int, done_ns: int) -> None:
        if answer.outcome == Outcome.ACKED:
            self._acked.append(op_id)
        else:
            self._not_before_ns = done_ns + PAUSE_NS
