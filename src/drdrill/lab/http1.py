"""Whole HTTP/1.1 messages: put together from the events of h11, and taken apart into them. Every byte is read and written by h11.

Bytes in, bytes out, no sockets: the load balancer and the edge handle every request of a drill on a machine that they share with
all the rest, so they keep whole messages and leave out what an HTTP server does besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import h11

HEAD_BYTES_MAX = 64 << 10
BODY_BYTES_MAX = 4 << 20

_PER_CONNECTION = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"expect",
    }
)
"""Headers that belong to one connection (RFC 9110, 7.6.1), and the one that we never answer."""

_LENGTH = b"content-length"

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class _Message:
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """The first header with this name, which must be given in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def carried(self, *added: Header) -> Self:
        """The same message for another connection: what belonged to the old one left out, ``added`` put in the place of their namesakes."""
        return replace(self, headers=(*self._kept({name.lower() for name, _ in added}), *added))

    def _kept(self, replaced: set[bytes]) -> Iterator[Header]:
        named = {token.strip().lower() for token in (self.header(b"connection") or b"").split(b",")}
        dropped = _PER_CONNECTION | named | replaced
        return (header for header in self.headers if header[0].lower() not in dropped)


@dataclass(frozen=True, kw_only=True)
class Request(_Message):
    """A request, whole."""

    method: bytes
    target: bytes

    @property
    def path(self) -> bytes:
        """The target without the query."""
        return self.target.partition(b"?")[0]


@dataclass(frozen=True, kw_only=True)
class Response(_Message):
    """A response, whole."""

    status: int
    reason: bytes


def response(status: int, reason: str, body: bytes, *headers: Header) -> Response:
    """A response of our own, in JSON."""
    own = ((b"Content-Type", b"application/json"), *headers)
    return Response(status=status, reason=reason.encode(), headers=own, body=body)


class _End:
    """Our end of one HTTP connection."""

    def __init__(self, role: type[h11.CLIENT | h11.SERVER]) -> None:
        self._connection = h11.Connection(role, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._head: h11.Request | h11.Response | None = None
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived; empty when nothing more will."""
        self._connection.receive_data(data)

    def _complete(self) -> bool:
        """Whether ``_head`` and ``_body`` are a whole message now. Raises ``h11.RemoteProtocolError``."""
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Request | h11.Response):
                if event.http_version not in (b"1.0", b"1.1"):
                    raise h11.RemoteProtocolError("only HTTP/1.0 and HTTP/1.1 are understood")
                self._head, self._body = event, bytearray()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > BODY_BYTES_MAX:
                    raise h11.RemoteProtocolError("the body is too long")
            elif isinstance(event, h11.EndOfMessage):
                return True
            elif not isinstance(event, h11.InformationalResponse):
                return False

    def _rendered(self, head: h11.Request | h11.Response, body: bytes) -> bytes:
        send = self._connection.send
        return send(head) + (send(h11.Data(data=body)) if body else b"") + send(h11.EndOfMessage())


class ServerEnd(_End):
    """Takes requests and sends their responses, one after another."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER)

    def take(self) -> Request | None:
        """The next request, if it is complete. Raises ``h11.RemoteProtocolError``."""
        if not self._complete():
            return None
        head = self._head
        assert isinstance(head, h11.Request)
        if not head.target.startswith(b"/"):
            raise h11.RemoteProtocolError("only a path can be asked for")
        return Request(
            method=head.method, target=head.target, headers=tuple(head.headers.raw_items()), body=bytes(self._body)
        )

    def send(self, said: Response, *, close: bool = False) -> bytes:
        """The bytes of the response, with the length of its body written anew; the connection ends if the client or ``close`` says so."""
        asked = self._head
        bodiless = said.status in (204, 304) or (isinstance(asked, h11.Request) and asked.method == b"HEAD")
        body = b"" if bodiless else said.body
        counted = (
            bool(said.body) or not bodiless
        )  # the length of what HEAD does not get is that of an answer of our own
        headers = [*said._kept({_LENGTH} if counted else set())]
        if counted:
            headers.append((b"Content-Length", b"%d" % len(said.body)))
        headers.append((b"Connection", b"close" if close else b"keep-alive"))
        return self._rendered(h11.Response(status_code=said.status, reason=said.reason, headers=headers), body)

    def goes_on(self) -> bool:
        """After a response: whether the connection may carry another request; if so, this end is ready for it."""
        if self._connection.our_state is not h11.DONE:
            return False
        self._connection.start_next_cycle()
        self._head = None
        return True


class ClientEnd(_End):
    """Sends one request and takes its response."""

    def __init__(self) -> None:
        super().__init__(h11.CLIENT)

    def send(self, asked: Request, host: str) -> bytes:
        """The bytes of the request, with the length of its body written anew; ``host`` is for one that names none (HTTP/1.0)."""
        headers = [*asked._kept({_LENGTH}), (b"Connection", b"close")]
        if asked.header(b"host") is None:
            headers.append((b"Host", host.encode()))
        if asked.body or asked.method not in (b"GET", b"HEAD"):
            headers.append((b"Content-Length", b"%d" % len(asked.body)))
        return self._rendered(h11.Request(method=asked.method, target=asked.target, headers=headers), asked.body)

    def take(self) -> Response | None:
        """The response, if it is complete. Raises ``h11.RemoteProtocolError``."""
        if not self._complete():
            return None
        head = self._head
        assert isinstance(head, h11.Response)
        return Response(
            status=head.status_code,
            reason=head.reason,
            headers=tuple(head.headers.raw_items()),
            body=bytes(self._body),
        )
