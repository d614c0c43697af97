"""Open-loop traffic: what is due is sent when it is due, whatever became of what was sent before.

No answer, no failure and no shortage moves the schedule. What cannot be sent because too much is in flight already is
recorded as *unsent*; what is sent late is recorded with both times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from drdrill.record.operations import OperationRecorder
from drdrill.traffic.answer import CLIENT_CAP, Answer
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import Errand
from drdrill.traffic.request import Attempt, Letters
from drdrill.traffic.resolver import Resolver
from drdrill.traffic.secure import SecureAttempt, trusted
from drdrill.traffic.wire import Poller, Wire

SENT_A_TURN = 64
"""After a stall much is due at once; answers are heard in between, so that catching up delays nobody's completion."""

Told = Callable[[int, Errand, Answer, int, int], None]
"""Told of every operation that ended: its id, the errand, the answer, when it was due and when it was done."""


@dataclass(frozen=True)
class Terms:
    """How requests are sent: where, how long each may take (from being sent), how many at a time, region codes.

    ``keep`` connections for further requests, or open one for each: what measures an outage never keeps them.
    """

    door: Door
    deadline_s: float
    concurrency_cap: int
    regions: Mapping[bytes, int]
    keep: bool = False


def tell_nobody(op_id: int, errand: Errand, answer: Answer, due_ns: int, done_ns: int) -> None:
    """For traffic that is only recorded."""


class OpenLoop:
    """One schedule, its errands, and the record of them. ``turn`` is called over and over by whoever owns the process."""

    def __init__(
        self,
        due_ns: Iterator[int],
        errands: Iterator[Errand],
        recorder: OperationRecorder,
        terms: Terms,
        poller: Poller,
        resolver: Resolver,
        *,
        told: Told = tell_nobody,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._due = due_ns
        self._next_ns = next(due_ns, None)
        self._errands = errands
        self._recorder = recorder
        self._terms = terms
        self._deadline_ns = int(terms.deadline_s * 1e9)
        self._trust = trusted() if terms.door.tls else None
        self._letters = Letters(terms.door, keep=terms.keep)
        self._told = told
        self._now_ns = now_ns
        self._wire = Wire(poller, resolver, self._attempt, self._ended, now_ns=now_ns)

    def fileno(self) -> int:
        """Readable when an answer came."""
        return self._wire.fileno()

    @property
    def in_flight(self) -> int:
        """Operations that were sent and have not ended."""
        return self._wire.in_flight

    def connections(self) -> str:
        """What became of the connections, as a sentence for the log; it begins with "kept" only if they really were."""
        opened, sent = self._wire.opened, self._wire.sent
        if not self._terms.keep:
            return f"a fresh connection for each request: {opened:,} for {sent:,}"
        if opened * 2 > sent:
            return f"connections were NOT kept by the other side: {opened:,} were needed for {sent:,} requests"
        return f"kept connections: {opened:,} for {sent:,} requests"

    @property
    def finished(self) -> bool:
        """Whether nothing is due any more and nothing is in flight."""
        return self._next_ns is None and not self._wire.in_flight

    def stop(self) -> None:
        """Send nothing more; what is in flight goes on to its end or its deadline. Safe in a signal handler."""
        self._due = iter(())
        self._next_ns = None

    def close(self) -> None:
        """End what is in flight now; each is recorded as it stands."""
        self._wire.close()

    def turn(self, wait_s: float = 0.0) -> None:
        """Hear what was answered, waiting for at most ``wait_s``, then send what is due."""
        self._wire.turn(wait_s)
        now_ns = self._now_ns()
        for _ in range(SENT_A_TURN):
            due_ns = self._next_ns
            if due_ns is None or due_ns > now_ns:
                return
            self._next_ns = next(self._due, None)
            self.send(next(self._errands), due_ns)

    def rest_s(self) -> float:
        """How long nothing has to be done unless an answer comes; 0 when something is due, 1 at most."""
        now_ns = self._now_ns()
        wake_ns = now_ns + 1_000_000_000
        if self._next_ns is not None:
            wake_ns = min(wake_ns, self._next_ns)
        deadline_ns = self._wire.next_deadline_ns()
        if deadline_ns is not None:
            wake_ns = min(wake_ns, deadline_ns)
        return max(0, wake_ns - now_ns) / 1e9

    def send(self, errand: Errand, due_ns: int) -> None:
        """Record one operation and then send it; beyond the cap record that it was not."""
        now_ns = self._now_ns()
        journey, kind, amount_paise, debit, credit = errand
        if self._wire.in_flight >= self._terms.concurrency_cap:
            op_id = self._recorder.invoke(journey, kind, amount_paise, debit, credit, due_ns, 0)
            self._record(op_id, CLIENT_CAP, now_ns)
            self._told(op_id, errand, CLIENT_CAP, due_ns, now_ns)
            return
        op_id = self._recorder.invoke(journey, kind, amount_paise, debit, credit, due_ns, now_ns)
        request = self._letters.write(op_id, errand)
        self._wire.send(op_id, errand, request, due_ns, now_ns, now_ns + self._deadline_ns)

    def _attempt(self, op_id: int, errand: Errand, request: bytes, due_ns: int) -> Attempt:
        terms, trust = self._terms, self._trust
        if trust is None:
            return Attempt(op_id, errand, request, terms.regions, due_ns, keep=terms.keep)
        host = terms.door.host
        return SecureAttempt(op_id, errand, request, terms.regions, due_ns, trust, host, keep=terms.keep)

    def _ended(self, attempt: Attempt, done_ns: int) -> None:
        answer, op_id = attempt.answer, attempt.op_id
        assert answer is not None
        self._record(op_id, answer, done_ns)
        self._told(op_id, attempt.errand, answer, attempt.due_ns, done_ns)

    def _record(self, op_id: int, answer: Answer, done_ns: int) -> None:
        outcome, failure, status, region, seen_seq, _ = answer
        self._recorder.complete(op_id, outcome, done_ns, status, failure, region, seen_seq)
