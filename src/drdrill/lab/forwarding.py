"""Carrying one HTTP request on to another server and its answer back: what a load balancer and an edge have in common.

Each request gets a connection of its own. A kept-alive connection to a worker that has just died would turn the death into an error for a
request that a living worker could have served, and one that outlives a fault would hide it. Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

import h11

from drdrill.lab.http1 import ClientEnd, Request, Response

_CHUNK_BYTES = 64 << 10


class Unanswered(Exception):
    """The other server gave no whole answer: reset, closed, or nonsense. Whether it did what was asked is not known."""


class Unreached(Unanswered):
    """No connection came about, so the request did not leave."""


class Late(Unanswered):
    """No whole answer within the time allowed. ``connected`` says whether the request may have arrived."""

    def __init__(self, message: str, *, connected: bool) -> None:
        self.connected = connected
        super().__init__(message)


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, and seconds until the answer is complete (connecting included)."""

    connect_s: float
    response_s: float


@dataclass(frozen=True)
class Destination:
    """Another server, as ``host:port`` names it."""

    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> Destination:
        """From ``host:port``; the host must be a number, because nothing is resolved here."""
        host, _, port = address.rpartition(":")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def forward(request: Request, to: Destination, limits: Limits, attempts: int = 1) -> Response:
    """Send the request once, on a connection of its own, and return the whole answer.

    ``attempts`` above 1 tries to *connect* again, and only for GET and HEAD. Raises ``Unanswered`` and what derives from it.
    """
    for left in reversed(range(attempts if request.method in (b"GET", b"HEAD") else 1)):
        try:
            return await _exchange(request, to, limits)
        except Unreached:
            if not left:
                raise
        except Late as error:
            if error.connected or not left:
                raise
    raise AssertionError("attempts must be at least 1")


async def _exchange(request: Request, to: Destination, limits: Limits) -> Response:
    end = ClientEnd()
    asked = end.send(request, str(to))
    with socket.socket() as wire:
        wire.setblocking(False)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _connect(wire, to, limits.connect_s)
        try:
            async with asyncio.timeout(limits.response_s):
                await asyncio.get_running_loop().sock_sendall(wire, asked)
                return await _receive(wire, to, end)
        except TimeoutError as error:
            raise Late(f"{to} did not answer within {limits.response_s:g} s", connected=True) from error
        except OSError as error:
            raise Unanswered(f"{to} broke the connection ({error.strerror})") from error
        except h11.RemoteProtocolError as error:
            raise Unanswered(f"{to} answered nonsense: {error}") from error


async def _connect(wire: socket.socket, to: Destination, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.get_running_loop().sock_connect(wire, (to.host, to.port))
    except TimeoutError as error:
        raise Late(f"{to} took no connection within {limit_s:g} s", connected=False) from error
    except OSError as error:
        raise Unreached(f"{to} took no connection ({error.strerror})") from error


async def _receive(wire: socket.socket, to: Destination, end: ClientEnd) -> Response:
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(wire, _CHUNK_BYTES):
        end.feed(data)
        if (answer := end.take()) is not None:
            return answer
    end.feed(b"")
    try:
        answer = end.take()
    except h11.RemoteProtocolError:
        answer = None
    if answer is None:
        raise Unanswered(f"{to} closed the connection before its answer was whole")
    return answer
