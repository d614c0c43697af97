"""One attempt, one answer: a connection of its own, a deadline of its own, no retry, nothing that blocks.

An attempt is advanced whenever its socket is ready, by whatever loop watches it. ``left`` turns true with the first byte of
the request that the kernel took; before it, an attempt that fails is *unsent* (no bank can have heard of it), after it *unknown*.
"""

from __future__ import annotations

import _socket
import errno
from collections.abc import Mapping

from drdrill.model.operation import Failure
from drdrill.traffic.answer import (
    CONNECT_TIMED_OUT,
    CONNECTION_RESET,
    GARBLED,
    NAME_NOT_RESOLVED,
    TIMED_OUT,
    Answer,
    answer_of_error,
    answer_of_response,
)
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import BALANCE, TRANSFER, Errand
from drdrill.traffic.resolver import SocketAddress
from drdrill.traffic.response import Garbled, read_response

READABLE, WRITABLE = 1, 4
"""What an attempt waits for, as epoll counts it; 0 is nothing: it has ended."""

_STREAM = _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK
_PENDING = (0, errno.EINPROGRESS)
_READ_BYTES = 65536


class Letters:
    """Writes errands as HTTP requests for one door."""

    def __init__(self, door: Door) -> None:
        end = f" HTTP/1.1\r\nHost: {door.authority}\r\nAccept: application/json\r\nConnection: close\r\n".encode()
        self._transfer = b"POST /transfer" + end + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        self._balance = b"GET /accounts/%d/balance" + end + b"\r\n"
        self._statement = b"GET /accounts/%d/statement" + end + b"\r\n"

    def write(self, op_id: int, errand: Errand) -> bytes:
        """The bytes of one request; the operation's id is the idempotency key of a transfer."""
        journey, _, amount_paise, debit, credit = errand
        if journey == TRANSFER:
            body = b'{"op_id":%d,"debit":%d,"credit":%d,"amount_paise":%d}' % (op_id, debit, credit, amount_paise)
            return self._transfer % (len(body), body)
        return (self._balance if journey == BALANCE else self._statement) % debit


class Attempt:
    """One request under way. ``answer`` is None until it has ended."""

    __slots__ = (
        "_address_known",
        "_received",
        "_regions",
        "_socket",
        "_unsent",
        "answer",
        "deadline_ns",
        "due_ns",
        "errand",
        "left",
        "op_id",
    )

    def __init__(
        self, op_id: int, errand: Errand, request: bytes, regions: Mapping[bytes, int], due_ns: int, deadline_ns: int
    ) -> None:
        self.op_id = op_id
        self.errand = errand
        self.due_ns = due_ns
        self.deadline_ns = deadline_ns
        self.left = False
        self.answer: Answer | None = None
        self._unsent = request
        self._regions = regions
        self._received = b""
        self._socket: _socket.socket | None = None
        self._address_known = False

    def connect(self, to: SocketAddress) -> int:
        """Open the connection, and send at once if it stands at once; returns what to wait for."""
        self._address_known = True
        try:
            self._socket = _socket.socket(to.family, _STREAM)
            number = self._socket.connect_ex(to.address)
        except OSError as error:
            return self._end(answer_of_error(error.errno, False))
        if number not in _PENDING:
            return self._end(answer_of_error(number, False))
        return self._send()

    def fileno(self) -> int:
        """The socket to watch; only while the attempt waits for something."""
        assert self._socket is not None
        return self._socket.fileno()

    def ready(self) -> int:
        """Go on, now that the socket is ready; returns what to wait for next."""
        return self._send() if self._unsent else self._receive()

    def expire(self) -> None:
        """The deadline has passed: end, with what is known by now."""
        if self.left:
            self._end(TIMED_OUT)
        else:
            self._end(CONNECT_TIMED_OUT if self._address_known else NAME_NOT_RESOLVED)

    def fail_to_resolve(self) -> None:
        """There is no address to connect to."""
        self._end(NAME_NOT_RESOLVED)

    def _send(self) -> int:
        assert self._socket is not None
        try:
            count = self._socket.send(self._unsent)
        except BlockingIOError:
            return WRITABLE
        except OSError as error:
            return self._hear_out(error.errno)
        self.left = True
        if count < len(self._unsent):
            self._unsent = self._unsent[count:]
            return WRITABLE
        self._unsent = b""
        return READABLE

    def _hear_out(self, number: int | None) -> int:
        """Sending failed. A server may have answered before it hung up on the rest: what it said counts."""
        if self.left and self._receive_rest():
            return 0
        return self._end(answer_of_error(number, self.left))

    def _receive_rest(self) -> bool:
        return self._receive() == 0 and self.answer is not None and self.answer.failure == Failure.NONE

    def _receive(self) -> int:
        assert self._socket is not None
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return READABLE
        except OSError as error:
            return self._end(answer_of_error(error.errno, True))
        return self._take(data)

    def _take(self, data: bytes) -> int:
        self._received = self._received + data if self._received else data
        try:
            response = read_response(self._received, not data)
        except Garbled:
            return self._end(GARBLED)
        if response is not None:
            return self._end(answer_of_response(self.errand.journey, response, self._regions))
        return READABLE if data else self._end(CONNECTION_RESET)

    def _end(self, answer: Answer) -> int:
        self.answer = answer
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        return 0
