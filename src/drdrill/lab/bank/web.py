"""The bank's HTTP door: what a ledger says, as statuses and JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from drdrill.errors import BadInput
from drdrill.lab.bank.ledger import Balance, Ledger, Statement, Unreadable
from drdrill.lab.bank.order import ACCOUNT_MAX, transfer_order
from drdrill.lab.bank.promise import Done, NotDone, Promise

SERVED_BY = "X-Served-By-Region"

Read = Callable[[int], Awaitable[Balance | Statement | None]]


class Counter:
    """Where customers are served: one method for each path."""

    def __init__(self, ledger: Ledger, region: str, release: str) -> None:
        self._ledger = ledger
        self._region = region
        self._release = release

    def application(self) -> web.Application:
        """The aiohttp application of one worker."""
        application = web.Application()
        application.add_routes(
            [
                web.post("/transfer", self.transfer),
                web.get("/accounts/{account}/balance", self.balance),
                web.get("/accounts/{account}/statement", self.statement),
                web.get("/health", self.health),
                web.get("/ready", self.ready),
                web.get("/serving", self.serving),
                web.get("/version", self.version),
            ]
        )
        application.on_response_prepare.append(self._sign)
        return application

    async def _sign(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers[SERVED_BY] = self._region

    async def transfer(self, request: web.Request) -> web.Response:
        """Move money once: 200 done; 400, 409, 422, 503 not done; 500 without a promise."""
        try:
            order = transfer_order(await request.json())
        except (BadInput, ValueError) as error:
            return _not_done(400, str(error))
        return _spoken(await self._ledger.transfer(order))

    async def balance(self, request: web.Request) -> web.Response:
        """What an account holds."""
        account = _account(request)
        return await self._read(self._ledger.balance, account)

    async def statement(self, request: web.Request) -> web.Response:
        """The newest ten entries of an account."""
        account = _account(request)
        return await self._read(self._ledger.statement, account)

    async def health(self, _: web.Request) -> web.Response:
        """This process is alive; says nothing about its database."""
        return web.json_response({"status": "alive"})

    async def ready(self, _: web.Request) -> web.Response:
        """Whether this region can take payments: 200, else 503 with the reason."""
        reason = await self._ledger.unready_because()
        return web.json_response({"ready": reason is None, "reason": reason}, status=200 if reason is None else 503)

    async def serving(self, _: web.Request) -> web.Response:
        """Whether this region can serve customers at all, by what it has itself: its reads. Says nothing about other regions."""
        reason = await self._ledger.unserving_because()
        return web.json_response({"serving": reason is None, "reason": reason}, status=200 if reason is None else 503)

    async def version(self, _: web.Request) -> web.Response:
        """Which release runs here, and where."""
        return web.json_response({"release": self._release, "region": self._region})

    async def _read(self, read: Read, account: int | None) -> web.Response:
        if account is None:
            return _not_done(404, "no such account")
        try:
            found = await read(account)
        except Unreadable as error:
            return web.json_response({"reason": str(error)}, status=500)
        return _not_done(404, "no such account") if found is None else web.json_response(asdict(found))


def _account(request: web.Request) -> int | None:
    text = request.match_info["account"]
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(ACCOUNT_MAX)):
        return None
    return int(text) if int(text) <= ACCOUNT_MAX else None


def _not_done(status: int, reason: str) -> web.Response:
    return web.json_response({"promise": "not_done", "reason": reason}, status=status)


def _spoken(promise: Promise) -> web.Response:
    if isinstance(promise, Done):
        return web.json_response({"promise": "done", **asdict(promise)})
    if isinstance(promise, NotDone):
        return _not_done(promise.status, promise.reason)
    return web.json_response({"reason": promise.reason}, status=500)
