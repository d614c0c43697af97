"""A small real bank on a real socket, whose manners can be switched while it serves, and that remembers whom it heard."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from aiohttp import web


class Bank:
    """Serves ``manners`` to every request; ``heard`` are the ids of transfers, noted before anything is answered."""

    def __init__(self) -> None:
        self.manners = "ok"
        self.heard: list[int] = []
        self.requests = 0
        self.port = 0
        self.context: ssl.SSLContext | None = None
        self._hung: list[asyncio.Future[None]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if request.method == "POST":
            self.heard.append((await request.json())["op_id"])
        return await getattr(self, f"_{self.manners}")(request)

    async def _ok(self, request: web.Request) -> web.StreamResponse:
        served = {"X-Served-By-Region": "ap-south-2"}
        if request.method == "POST":
            return web.json_response({"promise": "done", "debit_seq": 3, "credit_seq": 4}, headers=served)
        return web.json_response({"account": 1, "balance_paise": 5, "seq": 17}, headers=served)

    async def _chunked(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"X-Served-By-Region": "ap-south-1"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for part in (b'{"promise":', b'"done","seq":', b"4}"):
            await answer.write(part)
        await answer.write_eof()
        return answer

    async def _not_done(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"promise": "not_done", "reason": "insufficient funds"}, status=409)

    async def _no_promise_503(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text="no healthy target")

    async def _no_promise_200(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(["welcome"])

    async def _contradiction(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"promise": "done"}, status=500)

    async def _not_json(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>sorry</html>")

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        forever = asyncio.get_running_loop().create_future()
        self._hung.append(forever)
        await forever
        raise AssertionError("a hung request never goes on")

    async def _reset(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _cut(self, request: web.Request) -> web.StreamResponse:
        return self._raw(request, b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"promise":"done"')

    async def _hang_up(self, request: web.Request) -> web.StreamResponse:
        return self._raw(request, b"")

    async def _garbage(self, request: web.Request) -> web.StreamResponse:
        return self._raw(request, b"220 mail.example ESMTP\r\n\r\n")

    def _raw(self, request: web.Request, words: bytes) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(words)
        request.transport.close()
        return web.Response()

    @contextmanager
    def open(self) -> Iterator[Self]:
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)))
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self.serve), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        await web.SockSite(runner, listener, ssl_context=self.context).start()
        ready.set()
        await self._stop.wait()
        for forever in self._hung:
            forever.cancel()
        await runner.cleanup()
