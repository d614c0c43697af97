"""The process that holds all relays of a lab; changes of many links happen within one turn of its event loop.

It is told what to do by lines of JSON, ``{"token", "change": LinkChange or null}``, and answers each with
``{"links": [LinkState]}`` or ``{"error": sentence}``. Lines and not HTTP, because this process is the first that the
others need, and an HTTP server takes longer to import than all the rest of it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from drdrill.errors import EstateError
from drdrill.lab.link import Link, LinkChange, LinkState
from drdrill.lab.relay import Relay
from drdrill.lab.service import raise_open_files_limit, read_config, say_ready


class Network:
    """All relays by name."""

    def __init__(self, links: Iterable[Link], loop: asyncio.AbstractEventLoop) -> None:
        self._relays = {link.name: Relay(link, loop) for link in links}

    def listen(self) -> None:
        """Begin to accept on every link."""
        for relay in self._relays.values():
            relay.listen()

    def close(self) -> None:
        """Refuse, and reset every connection."""
        self.change(LinkChange(names=tuple(self._relays), mode="reset"))

    def change(self, change: LinkChange) -> list[LinkState]:
        """Change all named links at once and return them; an unknown name changes none of them."""
        unknown = [name for name in change.names if name not in self._relays]
        if unknown:
            known = ", ".join(self._relays)
            raise EstateError(f"no link was changed: there is no link {', '.join(unknown)}; there are {known}")
        relays = [self._relays[name] for name in change.names]
        for relay in relays:
            relay.change(change)
        return [relay.state() for relay in relays]

    def states(self) -> list[LinkState]:
        """Every link as it is now."""
        return [relay.state() for relay in self._relays.values()]


class Commands:
    """Who has the token may change links."""

    def __init__(self, network: Network, token: str) -> None:
        self._network = network
        self._token = token

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line until the other side hangs up."""
        while line := await reader.readline():
            writer.write(json.dumps(self._answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            said = json.loads(line)
            if not hmac.compare_digest(str(said["token"]), self._token):
                return {"error": "no link was changed: the lab's token is wrong"}
            wanted = said["change"]
            links = (
                self._network.states() if wanted is None else self._network.change(LinkChange.model_validate(wanted))
            )
        except ValidationError as error:
            problems = "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors())
            return {"error": f"no link was changed: {problems}"}
        except EstateError as error:
            return {"error": str(error)}
        return {"links": [link.model_dump() for link in links]}


async def command(host: str, port: int, token: str, change: dict[str, Any] | None) -> dict[str, Any]:
    """Send one command to a network process and return its answer. Raises ``OSError`` when it does not listen."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(json.dumps({"token": token, "change": change}).encode() + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise ConnectionResetError("it hung up")
    answer: dict[str, Any] = json.loads(line)
    return answer


async def run() -> None:
    """Listen on every link until the process is ended."""
    config = read_config("drdrill.lab.network")
    raise_open_files_limit()
    network = Network([Link.model_validate(link) for link in config["links"]], asyncio.get_running_loop())
    network.listen()
    commands = Commands(network, config["token"])
    control = config["control"]
    server = await asyncio.start_server(commands.serve, control["host"], control["port"])
    say_ready()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run())
