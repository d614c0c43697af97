"""The lab's control: the verbs of ``LabControl`` over HTTP on the loopback, for whoever has the token."""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from drdrill.errors import DrillError, EstateError
from drdrill.lab import process_tree
from drdrill.lab.control import TOKEN_HEADER
from drdrill.lab.network import command
from drdrill.lab.postgres.database import look

if TYPE_CHECKING:
    from drdrill.lab.supervisor import Supervisor

GATEWAY_S = 4.0

Body = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlServer:
    """What other processes may ask of a supervisor."""

    def __init__(self, supervisor: Supervisor, http: aiohttp.ClientSession) -> None:
        self._lab = supervisor
        self._http = http

    def application(self) -> web.Application:
        """Every verb and question."""
        application = web.Application(middlewares=[_guard(self._lab.programs.token)])
        verbs: dict[str, Callable[[Body], Awaitable[Body]]] = {
            "links": self._change_links,
            "kill-region": self._kill_region,
            "region-processes": self._region_processes,
            "start-region": self._start_region,
            "database": self._database,
            "dark": self._dark,
            "scale-workers": self._scale_workers,
            "pause": self._pause,
            "resume": self._resume,
            **self._lab.plane.verbs(),
        }
        questions: dict[str, Callable[[], Awaitable[Body]]] = {
            "links": self._links,
            "dark": self._dark_regions,
            "status": self._status,
        }
        for name, act in verbs.items():
            application.router.add_post(f"/{name}", _acting(act))
        for name, tell in questions.items():
            application.router.add_get(f"/{name}", _telling(tell))
        return application

    async def _links(self) -> Body:
        return await self._network(None)

    async def _change_links(self, body: Body) -> Body:
        return await self._network(body)

    async def _network(self, change: Body | None) -> Body:
        place = self._lab.layout.network()
        try:
            answer = await command(place.host, place.port, self._lab.programs.token, change)
        except OSError as error:
            raise self._broken("network", error) from error
        if "error" in answer:
            raise EstateError(str(answer["error"]))
        return answer

    async def _dark(self, body: Body) -> Body:
        region = self._lab.region(body.get("region")).name
        return await self._gateway("POST", "/dark", {"region": region, "dark": bool(body["dark"])})

    async def _dark_regions(self) -> Body:
        return {"dark": list((await self._gateway("GET", "/status", None)).get("dark", []))}

    async def _gateway(self, method: str, path: str, body: Body | None) -> Body:
        url = f"http://{self._lab.layout.gateway_internal()}{path}"
        headers = {TOKEN_HEADER: self._lab.programs.token}
        try:
            async with self._http.request(method, url, json=body, headers=headers) as answer:
                said = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._broken("gateway", error) from error
        if answer.status >= 300:
            raise EstateError(f"nothing was done: the lab's gateway answered {answer.status} to {path}: {said}")
        document: Body = json.loads(said) if said.strip() else {}
        return document

    async def _kill_region(self, body: Body) -> Body:
        return {"killed": await self._lab.region(body.get("region")).kill(body.get("zone"))}

    async def _region_processes(self, body: Body) -> Body:
        processes = self._lab.region(body.get("region")).processes(body.get("zone"))
        return {"processes": [process.model_dump() for process in processes]}

    async def _start_region(self, body: Body) -> Body:
        region = self._lab.region(body.get("region"))
        limit_s = self._lab.settings.open_limit_s
        if body.get("zone") is not None:
            await region.start_zone(str(body["zone"]), limit_s=limit_s)
        else:
            await region.start(fenced=bool(body["fenced"]), limit_s=limit_s)
        return {}

    async def _scale_workers(self, body: Body) -> Body:
        region = self._lab.region(body.get("region")).name
        await self._lab.node_groups[region].resize(int(body["size"]), self._lab.settings.open_limit_s)
        return {}

    async def _database(self, body: Body) -> Body:
        region = self._lab.region(body.get("region")).name
        return (await look(self._lab.programs.administrator(region))).model_dump()

    async def _pause(self, body: Body) -> Body:
        process_tree.freeze([self._lab.process(str(body["name"]))])
        return {}

    async def _resume(self, body: Body) -> Body:
        process_tree.thaw([self._lab.process(str(body["name"]))])
        return {}

    async def _status(self) -> Body:
        self._lab.note_deaths()
        processes = {
            child.name: {"pid": child.process.pid if child.process else None, "alive": child.alive()}
            for child in self._lab.children()
        }
        return {"processes": processes, "problems": self._lab.problems, "timings": self._lab.phases.timings}

    def _broken(self, part: str, error: Exception) -> EstateError:
        self._lab.note_deaths()
        why = "; ".join(self._lab.problems) or str(error) or type(error).__name__
        return EstateError(f"nothing was done: the lab's {part} does not answer ({why})")


@contextlib.asynccontextmanager
async def controlled(supervisor: Supervisor) -> AsyncIterator[None]:
    """Answer on the supervisor's claimed control port until the block ends."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=GATEWAY_S)) as http:
        runner = web.AppRunner(
            ControlServer(supervisor, http).application(), access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await runner.setup()
        await web.SockSite(runner, supervisor.subnet.claim).start()
        try:
            yield
        finally:
            await runner.cleanup()


def _guard(token: str) -> Any:
    """Answer only to the token, and turn our errors into ``409 {"error": sentence}``."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
            return web.json_response({"error": "nothing was done: the lab's token is missing or wrong"}, status=403)
        try:
            return await handler(request)
        except DrillError as error:
            return web.json_response({"error": str(error)}, status=409)

    return guard


def _acting(act: Callable[[Body], Awaitable[Body]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(await act(await request.json()))

    return handler


def _telling(tell: Callable[[], Awaitable[Body]]) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.json_response(await tell())

    return handler
