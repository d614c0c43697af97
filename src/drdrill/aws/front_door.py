"""Asking a door of the bank one question, once: no retry, no kept-alive connection, a hard limit."""

from __future__ import annotations

import http.client
import json
from typing import Any

import dns.exception
import dns.resolver

from drdrill.model.estate import Address, Estate
from drdrill.model.frozen import Frozen

SERVED_BY = "X-Served-By-Region"


class Answer(Frozen):
    """What a door answered. ``region`` is who says that it served (None: nobody said)."""

    status: int
    region: str | None
    body: str

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class Silence(Frozen):
    """Nobody answered, and why the asker thinks so."""

    because: str


def ask(address: Address, path: str, *, host: str | None = None, limit_s: float = 1.0) -> Answer | Silence:
    """GET ``path`` of a door. Never raises for a door that is shut: silence is an answer too."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=limit_s)
    try:
        connection.request("GET", path, headers={"Host": host or str(address), "Connection": "close"})
        response = connection.getresponse()
        body = response.read(1_000_000).decode("utf-8", "replace")
        return Answer(status=response.status, region=response.headers.get(SERVED_BY), body=body)
    except (OSError, http.client.HTTPException) as error:
        return Silence(because=f"{type(error).__name__} {error}".strip())
    finally:
        connection.close()


def resolve(estate: Estate, *, limit_s: float = 1.0, name: str | None = None) -> tuple[str, ...]:
    """The addresses that ``name`` (the front door's) has now, asked of the estate's own name server, past every cache.

    Empty when no answer came.
    """
    resolver = dns.resolver.Resolver(configure=estate.dns is None)
    if estate.dns is not None:
        resolver.nameservers = [estate.dns.host]
        resolver.port = estate.dns.port
    try:
        found = resolver.resolve(name or estate.target.front_door.host, "A", lifetime=limit_s, search=False)
    except dns.exception.DNSException:
        return ()
    return tuple(sorted(record.to_text() for record in found))


def ask_front_door(estate: Estate, path: str, *, limit_s: float = 1.0) -> Answer | Silence:
    """GET ``path`` as a customer would: resolve the name, take the first address, keep to the name in the request."""
    door = estate.target.front_door
    addresses = resolve(estate, limit_s=limit_s)
    if not addresses:
        return Silence(because=f"{door.host} does not resolve")
    return ask(Address(host=addresses[0], port=door.port), path, host=door.host, limit_s=limit_s)
