"""Endpoints are names: asked for at every connection, remembered for as long as the answer says."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from drdrill.lab.bank.endpoints import fixed, located, resolver
from drdrill.lab.gateway.endpoint_names import EndpointNames
from drdrill.lab.gateway.name_server import NameServer
from drdrill.lab.gateway.records import Outlook, resolve
from drdrill.model.estate import Address

NAME = "bank-ledger.c0.ap-south-1.rds.amazonaws.com"
SERVER = Address(host=f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.3", port=5353)
TTL_S = 1


@pytest.fixture
def names() -> Iterator[EndpointNames]:
    """The lab's own name server, with one endpoint."""
    names = EndpointNames()
    names.point(NAME, "127.0.0.11", TTL_S)
    outlook = Outlook(healthy=lambda _: True, addresses=lambda _: (), draw=lambda: 0.0)
    server = NameServer(SERVER, lambda name, kind: resolve(names.zones(), name, kind, outlook), 1)
    server.start()
    yield names
    server.stop()


def test_an_answer_is_kept_for_its_ttl_and_no_longer(names: EndpointNames) -> None:
    """What makes a failover visible to a worker."""

    async def look() -> tuple[str, str, str]:
        resolve = resolver(str(SERVER))
        before = await resolve(NAME)
        names.point(NAME, "127.0.0.12", TTL_S)
        remembered = await resolve(NAME)
        moved_at = time.monotonic()
        while (seen := await resolve(NAME)) == before and time.monotonic() - moved_at < 10:
            await asyncio.sleep(0.02)
        return before, remembered, seen

    assert asyncio.run(look()) == ("127.0.0.11", "127.0.0.11", "127.0.0.12")


def test_a_connection_string_gets_the_address_of_this_moment(names: EndpointNames) -> None:
    dsn = f"host={NAME} port=5460 user=bank dbname=bank"
    parts = conninfo_to_dict(asyncio.run(located(dsn, resolver(str(SERVER)))()))
    assert (parts["host"], parts["port"], parts["user"]) == ("127.0.0.11", "5460", "bank")


def test_hosts_that_do_not_resolve_are_left_out_with_their_ports(names: EndpointNames) -> None:
    names.point("reader.rds.amazonaws.com", "127.0.0.13", TTL_S)
    dsn = "host=nobody.rds.amazonaws.com,reader.rds.amazonaws.com,127.0.0.9 port=1,2,3 dbname=bank"
    parts = conninfo_to_dict(asyncio.run(located(dsn, resolver(str(SERVER)))()))
    assert (parts["host"], parts["port"]) == ("127.0.0.13,127.0.0.9", "2,3")


def test_when_no_host_resolves_the_attempt_fails_as_a_connection_does(names: EndpointNames) -> None:
    """So the pool says why, and tries again."""
    with pytest.raises(psycopg.OperationalError, match="does not resolve"):
        asyncio.run(located("host=nobody.rds.amazonaws.com port=1", resolver(str(SERVER)))())


def test_a_database_that_never_moves_needs_no_name_server() -> None:
    assert asyncio.run(fixed("host=127.0.0.1")()) == "host=127.0.0.1"
