"""One attempt, one answer: a connection, a deadline of its own, no retry, nothing that blocks.

An attempt is advanced whenever its socket is ready, by whatever loop watches it. ``left`` turns true with the first byte of
the request that the kernel took; before it, an attempt that fails is *unsent* (no bank can have heard of it), after it *unknown*.

A connection serves one attempt, unless it is to be kept: then the same object carries the next errand, ``again``, after a whole
answer that leaves the connection in order. After anything else (a deadline, half an answer, a byte too many) it is closed.
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
    """Writes errands as HTTP requests for one door; ``keep`` when the connection is to carry further ones."""

    def __init__(self, door: Door, *, keep: bool = False) -> None:
        manner = "" if keep else "Connection: close\r\n"
        end = f" HTTP/1.1\r\nHost: {door.authority}\r\nAccept: application/json\r\n{manner}".encode()
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
    """One request under way. ``answer`` is None until it has ended; ``stands`` while its connection can carry another one.

    ``descriptor`` is that of its socket, and ``wanted`` what its owner watches it for.
    """

    __slots__ = (
        "_keep",
        "_received",
        "_regions",
        "_socket",
        "_unsent",
        "address",
        "answer",
        "descriptor",
        "due_ns",
        "errand",
        "left",
        "op_id",
        "stands",
        "wanted",
    )

    def __init__(
        self,
        op_id: int,
        errand: Errand,
        request: bytes,
        regions: Mapping[bytes, int],
        due_ns: int,
        *,
        keep: bool = False,
    ) -> None:
        self.op_id = op_id
        self.errand = errand
        self.due_ns = due_ns
        self.left = False
        self.answer: Answer | None = None
        self.address: SocketAddress | None = None
        self.stands = False
        self.descriptor = -1
        self.wanted = 0
        self._unsent = request
        self._regions = regions
        self._keep = keep
        self._received = b""
        self._socket: _socket.socket | None = None

    def connect(self, to: SocketAddress) -> int:
        """Open the connection, and send at once if it stands at once; returns what to wait for."""
        self.address = to
        try:
            self._socket = _socket.socket(to.family, _STREAM)
            self.descriptor = self._socket.fileno()
            number = self._socket.connect_ex(to.address)
        except OSError as error:
            return self._end(answer_of_error(error.errno, False))
        if number not in _PENDING:
            return self._end(answer_of_error(number, False))
        return self._send()

    def again(self, op_id: int, errand: Errand, request: bytes, due_ns: int) -> int:
        """Send the next errand on the connection that stands; returns what to wait for.

        Nothing is repeated: if the other side has closed the connection in the meantime, this errand ends as *unknown*
        when its bytes left, and as *unsent* when the kernel took none of them.
        """
        self.op_id = op_id
        self.errand = errand
        self.due_ns = due_ns
        self.left = self.stands = False
        self.answer = None
        self._received = b""
        self._unsent = request
        return self._send()

    def ready(self) -> int:
        """Go on, now that the socket is ready; returns what to wait for next."""
        return self._send() if self._unsent else self._receive()

    def still_stands(self) -> bool:
        """Whether a connection that rests is in order, now that its socket is ready: not if it ended, or spoke unasked."""
        assert self._socket is not None
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def hang_up(self) -> None:
        """Close the connection that stands: it carries nothing any more."""
        self.stands = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def expire(self) -> None:
        """The deadline has passed: end, with what is known by now."""
        if self.left:
            self._end(TIMED_OUT)
        else:
            self._end(CONNECT_TIMED_OUT if self.address else NAME_NOT_RESOLVED)

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
            answer = answer_of_response(self.errand.journey, response, self._regions)
            if self._keep and response.keeps and not self._unsent:
                self.answer = answer
                self.stands = True
                return 0
            return self._end(answer)
        return READABLE if data else self._end(CONNECTION_RESET)

    def _end(self, answer: Answer) -> int:
        self.answer = answer
        self.hang_up()
        return 0
