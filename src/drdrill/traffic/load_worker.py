"""Load from another machine: shares of the schedule, each with a record, the readings of this machine's clock, and a receipt.

This process makes no traffic. It stands beside the Locusts that do, so that their clock is read by somebody who is never busy,
and that a record is handed over even if its Locust was killed.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from drdrill.errors import DrillError, EstateError
from drdrill.model.estate import Address
from drdrill.model.history import ClockReading
from drdrill.record.clock_readings import ClockBook, clock_book_of
from drdrill.record.operations import first_sent
from drdrill.traffic.hand_over import Receipt, hand_over
from drdrill.traffic.load import FIRST_RECORDER, ShareGenerator, worker_name
from drdrill.traffic.place import Place, PlaceError, place_of
from drdrill.traffic.worker_clock import Drill, Unreachable
from drdrill.traffic.worker_session import WorkerSession
from drdrill.waiting import wait_until

READ_EVERY_S = 0.5
ENROL_LIMIT_S = 60.0
HAND_OVER_LIMIT_S = 120.0


class LoadWorker:
    """``LoadWorker(…).run()`` sends shares of one drill's load until the drill says stop, and hands the records over."""

    def __init__(
        self,
        session: WorkerSession,
        home: Path,
        *,
        processes: int = 1,
        master: Address | None = None,
        tell: Callable[[str], None] = lambda _sentence: None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._session = session
        self._home = home
        self._processes = processes
        self._master = master
        self._tell = tell
        self._now_ns = now_ns
        self._drill = Drill(session.keeper, session.token, now_ns=now_ns)
        self._place: Place = place_of(session.place, session.drill.drill_id)
        self._shares: list[int] = []
        self._books: list[ClockBook] = []
        self._heard_ns = 0
        self._stopped = False

    def stop(self) -> None:
        """End the traffic as if the drill had said so. Safe in a signal handler."""
        self._stopped = True

    def run(self) -> tuple[Receipt, ...]:
        """Enrol, measure, send, measure, hand over; returns the receipts.

        Raises ``EstateError`` when the drill has no share left or cannot be reached, or when the records cannot be handed
        over: they then are in the worker's own folder, and the message says where.
        """
        self._shares = self._enrol()
        session_path = self._session.unpack(self._home)
        self._begin_books()
        self._read_clock()
        self._tell(f"sending {', '.join(worker_name(index) for index in self._shares)}")
        generators = [self._generator(session_path, index) for index in self._shares]
        try:
            for generator in generators:
                generator.launch()
            self._attend(generators)
        finally:
            for generator in generators:
                generator.stop()
        self._read_clock()
        self._say("ended")
        receipts = self._hand_over()
        self._say("handed over")
        self._drill.close()
        return receipts

    def _enrol(self) -> list[int]:
        host = socket.gethostname()

        def enrolled() -> list[int] | None:
            try:
                return self._drill.enrol(host, self._processes)
            except Unreachable as error:
                self._tell(f"not enrolled yet: {error}")
                return None

        shares = wait_until(
            "the drill gave shares of its load", enrolled, limit_s=ENROL_LIMIT_S, every_s=1.0, error=EstateError
        )
        self._heard_ns = self._now_ns()
        return shares

    def _begin_books(self) -> None:
        drill_id = self._session.drill.drill_id
        for index in self._shares:
            self._books.append(ClockBook(clock_book_of(self._record(index)), drill_id, FIRST_RECORDER + index))

    def _generator(self, session_path: Path, index: int) -> ShareGenerator:
        share = (index, self._session.workers)
        return ShareGenerator(session_path, self._home / "logs", share, self._master)

    def _record(self, index: int) -> Path:
        return self._home / "operations" / f"{worker_name(index)}.ops"

    def _attend(self, generators: list[ShareGenerator]) -> None:
        """Read the clock until the traffic is over: the drill says so, the lease is over, or no Locust is left."""
        sending = False

        def over() -> str | None:
            nonlocal sending
            reading = self._read_clock()
            if not sending and all(first_sent(self._record(index)) for index in self._shares):
                sending = self._say("sending")
            if self._stopped or self._drill.stopping:
                return "the drill says that it is over"
            if reading is None and self._now_ns() - self._heard_ns > self._session.lease_s * 1e9:
                return f"the drill was not heard for {self._session.lease_s:g} s"
            return None if any(generator.alive for generator in generators) else "no load generator is left"

        limit_s = self._session.drill.limits.max_duration_s + ENROL_LIMIT_S + 600
        self._tell(
            f"ending the traffic: {wait_until('the traffic is over', over, limit_s=limit_s, every_s=READ_EVERY_S)}"
        )

    def _read_clock(self) -> ClockReading | None:
        try:
            reading = self._drill.read_clock(self._shares)
        except Unreachable:
            return None
        self._heard_ns = reading.at_ns
        for book in self._books:
            book.add(reading)
        return reading

    def _say(self, state: str) -> bool:
        try:
            self._drill.tell(self._shares, state)
        except Unreachable:
            return False
        return True

    def _hand_over(self) -> tuple[Receipt, ...]:
        return tuple(self._hand_over_one(index) for index in self._shares if self._record(index).is_file())

    def _hand_over_one(self, index: int) -> Receipt:
        record, trouble = self._record(index), ""

        def handed() -> Receipt | None:
            nonlocal trouble
            try:
                return hand_over(self._place, record, self._session.drill.drill_id, FIRST_RECORDER + index)
            except PlaceError as error:
                trouble = str(error)
                return None

        try:
            return wait_until("the record was handed over", handed, limit_s=HAND_OVER_LIMIT_S, every_s=1.0)
        except DrillError:
            raise EstateError(
                f"not handed over: {record} could not be brought to {self._session.place} ({trouble}); the drill goes on "
                "without it. Keep the folder"
            ) from None
