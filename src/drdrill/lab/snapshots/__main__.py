"""``python -m drdrill.lab.snapshots --config FILE``: the shelf of one region, asked over HTTP by whoever has the lab's token.

``GET /snapshots`` tells them all; ``POST /snapshots`` ``{"identifier", "source": null or a name in the other region}`` begins one;
``DELETE /snapshots/NAME``; ``GET /snapshots/NAME`` and ``GET /snapshots/NAME/FILE`` give a whole one to the other region.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from drdrill.errors import EstateError
from drdrill.lab.control import TOKEN_HEADER
from drdrill.lab.postgres.account import server_account
from drdrill.lab.serving import listening_socket, main, until_terminated
from drdrill.lab.snapshots.config import ShelfConfig
from drdrill.lab.snapshots.keeper import Keeper, archive_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Counter:
    """The HTTP door of one keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def application(self, token: str) -> web.Application:
        """Every path."""
        application = web.Application(middlewares=[_guard(token)])
        application.add_routes(
            [
                web.get("/snapshots", self.tell),
                web.post("/snapshots", self.begin),
                web.get("/snapshots/{name}", self.describe),
                web.delete("/snapshots/{name}", self.remove),
                web.get("/snapshots/{name}/{file}", self.give),
            ]
        )
        return application

    async def tell(self, _request: web.Request) -> web.Response:
        """All of them, the unfinished first."""
        found = [snapshot.model_dump(mode="json") for snapshot in self._keeper.snapshots()]
        return web.json_response({"snapshots": found})

    async def begin(self, request: web.Request) -> web.Response:
        """Take one, or copy one."""
        asked = await request.json()
        if asked["source"] is None:
            self._keeper.take(asked["identifier"])
        else:
            self._keeper.fetch(asked["identifier"], asked["source"])
        return web.json_response({})

    async def describe(self, request: web.Request) -> web.Response:
        """One that is whole."""
        wanted = request.match_info["name"]
        found = next((one for one in self._keeper.shelf.whole() if one.identifier == wanted), None)
        if found is None:
            raise web.HTTPNotFound(text=f"{wanted} is not whole")
        return web.Response(text=found.model_dump_json(), content_type="application/json")

    async def remove(self, request: web.Request) -> web.Response:
        """Remove one."""
        await self._keeper.remove(request.match_info["name"])
        return web.json_response({})

    async def give(self, request: web.Request) -> web.StreamResponse:
        """A file of one that is whole."""
        path = archive_of(self._keeper.shelf, request.match_info["name"], request.match_info["file"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)


def _guard(token: str) -> Any:
    """Answer only to the token, and turn our errors into ``409`` with the sentence."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
            return web.Response(status=403, text="nothing was done: the lab's token is missing or wrong")
        try:
            return await handler(request)
        except (EstateError, FileExistsError) as error:
            return web.Response(status=409, text=str(error))

    return guard


async def _serve(config: ShelfConfig, listener: socket.socket, ready: Callable[[], None]) -> None:
    keeper = Keeper(config, server_account())
    runner = web.AppRunner(Counter(keeper).application(config.token), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    await until_terminated(ready)
    await runner.cleanup()


def run(config: ShelfConfig, ready: Callable[[], None]) -> int:
    """Serve until SIGTERM."""
    asyncio.run(_serve(config, listening_socket(str(config.listen)), ready))
    return 0


if __name__ == "__main__":
    sys.exit(main("the snapshots' shelf", ShelfConfig, run))
