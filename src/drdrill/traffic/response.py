"""Reading one HTTP/1.1 response: the plain kind by three searches, every other kind by h11."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import h11

HEAD_BYTES_MAX = 1 << 16
BODY_BYTES_MAX = 1 << 20

_LENGTH = b"\r\ncontent-length:"
_REGION = b"\r\nx-served-by-region:"
_CODING = b"\r\ntransfer-encoding:"
_CONNECTION = b"\r\nconnection:"


class Garbled(Exception):
    """What came back is not an HTTP response, or is longer than any answer of a bank."""


class Response(NamedTuple):
    """A complete response: its status, the region that served it (lower case, empty if it did not say), its body.

    ``keeps`` when the connection may carry another request: the server did not say that it closes it, and not a byte
    came that is not part of this response.
    """

    status: int
    region: bytes
    body: bytes
    keeps: bool = False


def read_response(data: bytes, ended: bool) -> Response | None:
    """The response in ``data``, or None while it is incomplete; ``ended`` when the other side will send no more.

    Raises ``Garbled``. A response that says its length, once, and nothing of codings, is read here; the rest by h11.
    """
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        if len(data) > HEAD_BYTES_MAX or (data and data[:5] != b"HTTP/"[: len(data)]):
            raise Garbled(f"the answer begins with {data[:20]!r}")
        return None
    head = _plain_head(data[: head_end + 2])
    if head is None:
        return _read_by_h11(data, ended)
    status, length, region, keeps = head
    if length > BODY_BYTES_MAX:
        raise Garbled(f"the answer claims {length} bytes")
    body_at = head_end + 4
    body_end = body_at + length
    if len(data) < body_end:
        return None
    return Response(status, region, data[body_at:body_end], keeps and len(data) == body_end)


@lru_cache(maxsize=256)
def _plain_head(given: bytes) -> tuple[int, int, bytes, bool] | None:
    """Status, length of the body, region, whether the connection is kept; None for every kind of head that h11 must read.

    A server says the same words over and over, so what they mean is remembered.
    """
    head = given.lower()
    at = head.find(_LENGTH)
    status = head[9:12]
    if at < 0 or head[:7] != b"http/1." or not status.isdigit() or status[0] < 50 or _CODING in head:
        return None
    length = head[at + len(_LENGTH) : head.find(b"\r\n", at + 2)].strip()
    if not length.isdigit() or head.find(_LENGTH, at + 2) >= 0 or status in (b"204", b"304"):
        return None
    at = head.find(_REGION)
    region = head[at + len(_REGION) : head.find(b"\r\n", at + 2)].strip() if at >= 0 else b""
    return int(status), int(length), region, _keeps(head)


def _keeps(head: bytes) -> bool:
    """Whether a head in lower case leaves the connection open (RFC 9112, section 9.3)."""
    at = head.find(_CONNECTION)
    if at < 0:
        return head[:8] == b"http/1.1"
    if head.find(_CONNECTION, at + 2) >= 0:
        return False
    wish = head[at + len(_CONNECTION) : head.find(b"\r\n", at + 2)].strip()
    return wish == b"keep-alive" or (wish != b"close" and b"close" not in wish and head[:8] == b"http/1.1")


def _read_by_h11(data: bytes, ended: bool) -> Response | None:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "any")]))
    connection.send(h11.EndOfMessage())
    events = _Events(connection)
    try:
        connection.receive_data(data)
        response = events.read()
    except h11.RemoteProtocolError as error:
        raise Garbled(str(error)) from error
    return response if response is not None or not ended else _at_the_end(connection, events)


def _at_the_end(connection: h11.Connection, events: _Events) -> Response | None:
    """The response whose end is the end of the connection, or None when it was cut short."""
    try:
        connection.receive_data(b"")
        return events.read()
    except h11.RemoteProtocolError:
        return None


class _Events:
    """A response, put together from h11's events."""

    def __init__(self, connection: h11.Connection) -> None:
        self._connection = connection
        self._status = 0
        self._region = b""
        self._body = bytearray()

    def read(self) -> Response | None:
        """The response if it is complete."""
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return None
            if isinstance(event, h11.Response):
                self._status = event.status_code
                served = (value for name, value in event.headers if name == b"x-served-by-region")
                self._region = next(served, b"").lower()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > BODY_BYTES_MAX:
                    raise Garbled(f"the answer is longer than {BODY_BYTES_MAX} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return Response(self._status, bytes(self._region), bytes(self._body), self._keeps())

    def _keeps(self) -> bool:
        return self._connection.their_state is h11.DONE and self._connection.trailing_data == (b"", False)
