"""Where the database is at this moment: endpoints are names, and the answer to a name may change within seconds.

libpq asks the system's resolver once for every connection, and so does this: through the name server that the bank is told, with
a cache that keeps an answer for as long as it says (RDS: 5 s) and not a moment longer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

LOOK_UP_S = 1.0

Locate = Callable[[], Awaitable[str]]
"""A connection string whose hosts are numbers, for one attempt. Raises ``psycopg.OperationalError``."""

Resolve = Callable[[str], Awaitable[str]]
"""A host name to an address. Raises ``LookupError`` with a sentence."""


def fixed(dsn: str) -> Locate:
    """A database that never moves: its connection string names hosts by number."""

    async def locate() -> str:
        return dsn

    return locate


def located(dsn: str, resolve: Resolve) -> Locate:
    """A database whose connection string names one or more hosts; those that do not resolve now are left out."""
    parts = conninfo_to_dict(dsn)
    hosts, ports = str(parts["host"]).split(","), str(parts["port"]).split(",")

    async def locate() -> str:
        found, problems = [], []
        for host, port in zip(hosts, ports, strict=True):
            try:
                found.append((host if _is_number(host) else await resolve(host), port))
            except LookupError as error:
                problems.append(str(error))
        if not found:
            raise psycopg.OperationalError("; ".join(problems))
        return make_conninfo(dsn, host=",".join(at for at, _ in found), port=",".join(port for _, port in found))

    return locate


def resolver(name_server: str, remember_s: float = 0.0) -> Resolve:
    """Ask the name server at ``host:port``, and remember each answer for its TTL, or for ``remember_s`` if that is longer.

    Many run-times do the latter: Java's default has been 30 s, and for ever.
    """
    import dns.asyncresolver
    import dns.exception
    import dns.resolver  # a bank whose database never moves does without

    class Stubborn(dns.resolver.Cache):
        """A cache that keeps an answer longer than it says."""

        def put(self, key: dns.resolver.CacheKey, value: dns.resolver.Answer) -> None:
            value.expiration += max(0.0, remember_s - value.chaining_result.minimum_ttl)
            super().put(key, value)

    host, port = name_server.rsplit(":", 1)
    asked = dns.asyncresolver.Resolver(configure=False)
    asked.nameservers, asked.port = [host], int(port)
    asked.cache = Stubborn() if remember_s else dns.resolver.Cache()

    async def resolve(name: str) -> str:
        try:
            answer = await asked.resolve(name, "A", lifetime=LOOK_UP_S, search=False)
        except dns.exception.DNSException as error:
            raise LookupError(f"{name} does not resolve ({error})") from error
        return str(answer[0].to_text())

    return resolve


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
