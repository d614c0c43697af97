"""A worker's clock measured against the drill's: the shortest of many round trips, error at most half of it."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from drdrill.errors import EstateError
from drdrill.model.estate import Address
from drdrill.model.history import ClockReading
from drdrill.traffic.sealed_line import Line, Unsealed

ROUND_TRIPS = 16
CONNECT_S = 3.0


class Unreachable(Exception):
    """The drill did not answer."""


class Drill:
    """The drill as a worker hears it, over one connection that is opened anew when it broke. Not for two threads at once."""

    def __init__(self, keeper: Address, token: str, *, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._keeper = keeper
        self._token = token
        self._now_ns = now_ns
        self._line: Line | None = None
        self.stopping = False
        """Whether the drill said that the traffic is over."""

    def enrol(self, host: str, count: int) -> list[int]:
        """Ask for shares of the load. Raises ``EstateError`` when there are not so many, ``Unreachable``."""
        shares = self._ask({"ask": "enrol", "host": host, "count": count})["shares"]
        if not shares:
            raise EstateError(
                f"nothing is sent: the drill has no {count} free shares of the load (or its traffic is over); "
                "start as many workers as it was told to wait for"
            )
        return [int(index) for index in shares]

    def tell(self, shares: Sequence[int], state: str) -> None:
        """Say how far these shares are. Raises ``Unreachable``."""
        self._ask({"ask": "tell", "shares": list(shares), "state": state})

    def read_clock(self, shares: Sequence[int], round_trips: int = ROUND_TRIPS) -> ClockReading:
        """One reading: of many questions the one that was answered soonest. Raises ``Unreachable``.

        The drill looked at its clock between question and answer; the middle of the two is off by half of the way at most.
        """
        readings = [self._round_trip(shares) for _ in range(round_trips)]
        return min(
            (reading for reading in readings if reading.error_ns >= 0),
            key=lambda one: one.error_ns,
            default=readings[0],
        )

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _round_trip(self, shares: Sequence[int]) -> ClockReading:
        asked_ns = self._now_ns()
        drill_ns = int(self._ask({"ask": "time", "shares": list(shares)})["at_ns"])
        heard_ns = self._now_ns()
        middle_ns = (asked_ns + heard_ns) // 2
        return ClockReading(at_ns=middle_ns, offset_ns=drill_ns - middle_ns, error_ns=(heard_ns - asked_ns) // 2 + 1)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        number = secrets.randbits(53)
        try:
            if self._line is None:
                self._line = self._connect()
            self._line.send({**question, "n": number})
            answer = self._line.hear()
        except (OSError, Unsealed, ValueError) as error:
            self.close()
            raise Unreachable(f"the drill at {self._keeper} does not answer ({error})") from error
        if answer is None or answer.get("n") != number:
            self.close()
            raise Unreachable(f"the drill at {self._keeper} hung up: another token, or the drill is over")
        self.stopping = self.stopping or bool(answer.get("stop"))
        return answer

    def _connect(self) -> Line:
        connection = socket.create_connection((self._keeper.host, self._keeper.port), CONNECT_S)
        try:
            return Line(connection, self._token, "worker", CONNECT_S)
        except BaseException:
            connection.close()
            raise
