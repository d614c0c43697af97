"""The listening side of the load balancer and of the edge: one request at a time on each connection."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import h11

from drdrill.lab.http1 import Request, Response, ServerEnd, response
from drdrill.lab.serving import BACKLOG

Answer = Callable[[Request, str], Awaitable[Response]]
"""From a request and the address of its client to the response."""

LAST_ANSWERS_S = 2.0


class Door:
    """Everything that is being answered through one listening socket.

    A client that hangs up does not stop its request: it is carried out, and its answer finds nobody.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def open(self, listener: socket.socket) -> None:
        """Begin to answer."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Visit(self), sock=listener, backlog=BACKLOG)

    async def close(self) -> None:
        """Take no more connections, and give those in flight 2 s to end."""
        if self._server is not None:
            self._server.close()
        if self._answering:
            await asyncio.wait(self._answering, timeout=LAST_ANSWERS_S)

    def begin(self, visit: _Visit, request: Request) -> None:
        """Answer one request in a task of its own."""
        task = asyncio.create_task(visit.answer(request, self._answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)


class _Visit(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._end = ServerEnd()
        self._busy = False
        self._ended = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._end.feed(data)
        if not self._busy:
            self._next()

    def eof_received(self) -> bool:
        self._ended = True
        return self._busy  # a client may close its own half and still wait for the answer

    async def answer(self, request: Request, answer: Answer) -> None:
        """Write the response; a failure of ours ends the connection, so that nobody waits for it."""
        transport = self._transport
        assert transport is not None
        peer = transport.get_extra_info("peername")
        said = None
        try:
            said = self._end.send(await answer(request, peer[0] if peer else "unknown"))
        finally:
            if said is None:
                transport.abort()
        transport.write(said)
        self._busy = False
        if not self._end.goes_on():
            transport.close()
        elif not transport.is_closing():
            self._next()

    def _next(self) -> None:
        assert self._transport is not None
        try:
            request = self._end.take()
        except h11.RemoteProtocolError as error:
            self._refuse(error)
            return
        if request is not None:
            self._busy = True
            self._door.begin(self, request)
        elif self._ended:
            self._transport.close()

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            body = json.dumps({"reason": str(error)}).encode()
            self._transport.write(self._end.send(response(400, "Bad Request", body), close=True))
            self._transport.close()
