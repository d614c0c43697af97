"""The drill's side of workers elsewhere: it gives out shares of the load, tells the drill's time, and says when to stop.

What a worker hears here is all that it hears of the drill. One that has not been heard of for the length of the lease has
stopped by itself, or is dead: so a lost worker cannot go on sending behind the drill's back.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

from drdrill.errors import EstateError
from drdrill.model.estate import Address
from drdrill.traffic.sealed_line import Line, Unsealed

State = Literal["free", "enrolled", "sending", "ended", "handed over"]
_STATES = ("enrolled", "sending", "ended", "handed over")
QUIET_S = 30.0
"""A connection that says nothing for so long is hung up."""


@dataclass(frozen=True)
class Share:
    """One share of the load: who has it, how far they are, and when they were last heard of (the drill's clock)."""

    index: int
    state: State = "free"
    host: str = ""
    enrolled_ns: int = 0
    heard_ns: int = 0


class Timekeeper:
    """``with Timekeeper(…) as keeper:`` answers workers until the block ends. Everything may be asked from any thread."""

    def __init__(
        self,
        shares: int,
        token: str,
        listen: Address,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
        told: Callable[[Share], None] = lambda _share: None,
    ) -> None:
        self._shares = [Share(index) for index in range(shares)]
        self._token = token
        self._now_ns = now_ns
        self._told = told
        self._lock = threading.Lock()
        self._stopping = False
        self._connections: set[socket.socket] = set()
        self.refused = 0
        try:
            self._server = _Server((listen.host, listen.port), self)
        except OSError as error:
            raise EstateError(f"no worker can be reached: {listen} cannot be listened on ({error.strerror})") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="timekeeper", daemon=True)

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return Address(host=str(host), port=int(port))

    def shares(self) -> tuple[Share, ...]:
        """Every share as it stands now."""
        with self._lock:
            return tuple(self._shares)

    def stop_workers(self) -> None:
        """Whoever asks for the time from now on hears that the traffic is over."""
        self._stopping = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # its worker hung up first
                    connection.shutdown(socket.SHUT_RDWR)

    def converse(self, connection: socket.socket) -> None:
        """Answer one worker until it hangs up. Whoever does not hold the token is hung up on, and counted."""
        with self._lock:
            self._connections.add(connection)
        try:
            line = Line(connection, self._token, "drill", QUIET_S)
            while (asked := line.hear()) is not None:
                line.send(self._answer(asked))
        except Unsealed:
            self.refused += 1
        except OSError:
            return  # it hung up, or fell silent: the lease says what that means
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        now_ns = self._now_ns()
        answer: dict[str, Any] = {"n": asked.get("n"), "at_ns": now_ns, "stop": self._stopping}
        match asked:
            case {"ask": "time", "shares": list(shares)}:
                self._heard(shares, None, now_ns)
            case {"ask": "enrol", "host": str(host), "count": int(count)}:
                answer["shares"] = self._enrol(host, count, now_ns)
            case {"ask": "tell", "shares": list(shares), "state": str(state)} if state in _STATES:
                self._heard(shares, state, now_ns)
            case _:
                answer["refused"] = "not understood"
        return answer

    def _enrol(self, host: str, count: int, now_ns: int) -> list[int]:
        """Give out ``count`` free shares, or none if there are not so many. A share is given out once in a drill."""
        with self._lock:
            free = [share.index for share in self._shares if share.state == "free"][: max(count, 0)]
            if self._stopping or len(free) < count:
                return []
            given = [Share(index, "enrolled", host[:100], now_ns, now_ns) for index in free]
            for share in given:
                self._shares[share.index] = share
        for share in given:
            self._told(share)
        return free

    def _heard(self, shares: list[Any], state: Any, now_ns: int) -> None:
        with self._lock:
            for index in shares:
                if isinstance(index, int) and 0 <= index < len(self._shares) and self._shares[index].state != "free":
                    share = self._shares[index]
                    self._shares[index] = replace(share, heard_ns=now_ns, state=state or share.state)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], keeper: Timekeeper) -> None:
        self._keeper = keeper
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the name is socketserver's)
        """Answer one connection, in its own thread."""
        with contextlib.closing(request):
            self._keeper.converse(request)
