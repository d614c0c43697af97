"""The edge: what it passes on, what it says when the origin fails, and that it never repeats a payment."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys

import pytest

from drdrill.lab.door import Door
from drdrill.lab.edge import Distribution, DistributionConfig
from drdrill.lab.forwarding import Limits
from drdrill.lab.http1 import Request, response
from drdrill.lab.serving import listening_socket

LIMITS = Limits(connect_s=0.3, response_s=0.3)
PAYMENT = Request(method=b"POST", target=b"/transfer", headers=((b"Host", b"pay.bank"),), body=b'{"op_id":1}')
READ = Request(method=b"GET", target=b"/accounts/1/balance", headers=((b"Host", b"pay.bank"),))


def address_of(listener):
    return f"127.0.0.1:{listener.getsockname()[1]}"


def edge(origin, attempts=1):
    config = DistributionConfig(name="mumbai", listen="unused", origin=origin)
    return Distribution(config, LIMITS, attempts)


def through_edge(request, answer):
    """What the client hears when the origin does ``answer``, and what the origin was asked."""
    asked = []

    async def origin(received, client):
        asked.append(received)
        return await answer(received)

    async def run():
        listener = listening_socket("127.0.0.1:0")
        door = Door(origin)
        await door.open(listener)
        heard = await edge(address_of(listener)).answer(request, "10.1.2.3")
        await door.close()
        return heard

    return asyncio.run(run()), asked


async def done(_):
    return response(200, "OK", b'{"promise":"done"}', (b"X-Served-By-Region", b"ap-south-1"))


async def conflict(_):
    return response(409, "Conflict", b'{"promise":"not_done"}')


async def too_late(_):
    await asyncio.sleep(0.8)
    return response(200, "OK", b"{}")


def test_an_answer_goes_through_whole_and_says_that_it_was_not_cached():
    heard, asked = through_edge(PAYMENT, done)

    assert (heard.status, heard.body) == (200, b'{"promise":"done"}')
    assert heard.header(b"x-cache") == b"Miss from cloudfront"
    assert heard.header(b"x-served-by-region") == b"ap-south-1"
    assert (asked[0].body, asked[0].header(b"host")) == (PAYMENT.body, b"pay.bank")
    assert asked[0].header(b"x-forwarded-for") == b"10.1.2.3"
    assert asked[0].header(b"via") == b"1.1 mumbai (CloudFront)"


def test_an_error_of_the_origin_keeps_its_promise_and_is_marked():
    heard, _ = through_edge(PAYMENT, conflict)

    assert (heard.status, heard.body) == (409, b'{"promise":"not_done"}')
    assert heard.header(b"x-cache") == b"Error from cloudfront"


def test_an_origin_that_is_too_slow_is_504_without_a_promise_and_asked_once():
    heard, asked = through_edge(PAYMENT, too_late)

    assert heard.status == 504
    assert "promise" not in json.loads(heard.body)
    assert heard.header(b"x-cache") == b"Error from cloudfront"
    assert len(asked) == 1


def test_the_answer_to_head_has_no_body():
    heard, _ = through_edge(Request(method=b"HEAD", target=b"/"), lambda _: done(None))

    assert heard.body == b""
    assert heard.status == 200


def test_an_origin_that_refuses_connections_is_502():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        heard = asyncio.run(edge(address_of(nobody)).answer(PAYMENT, "10.1.2.3"))

    assert (heard.status, heard.header(b"server")) == (502, b"CloudFront")
    assert "promise" not in json.loads(heard.body)


def full_origin():
    """A listening socket whose queue is full: connections to it are neither taken nor refused."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


@pytest.mark.parametrize(("request_", "attempts", "tries"), [(PAYMENT, 3, 1), (READ, 1, 1), (READ, 3, 3)])
def test_only_reads_may_be_connected_again_and_only_if_told(request_, attempts, tries):
    listener, fillers = full_origin()
    loop_time = {}

    async def run():
        loop = asyncio.get_running_loop()
        began = loop.time()
        heard = await edge(address_of(listener), attempts).answer(request_, "10.1.2.3")
        loop_time["took_s"] = loop.time() - began
        return heard

    heard = asyncio.run(run())
    for one in (listener, *fillers):
        one.close()

    assert heard.status == 504
    assert tries * 0.3 <= loop_time["took_s"] < (tries + 0.9) * 0.3


def test_as_a_program_it_serves_every_distribution_until_told_to_stop(tmp_path):
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        places = [address_of(one), address_of(two)]
    distributions = [{"name": f"d{n}", "listen": place, "origin": "127.0.0.1:1"} for n, place in enumerate(places)]
    path = tmp_path / "edge.json"
    path.write_text(json.dumps({"distributions": distributions, "log": "x"}))
    command = [sys.executable, "-m", "drdrill.lab.edge", "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        for place in places:
            with socket.create_connection(place.split(":"), timeout=5) as wire:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: pay.bank\r\nConnection: close\r\n\r\n")
                assert wire.makefile("rb").readline() == b"HTTP/1.1 502 Bad Gateway\r\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert process.communicate() == ("", "")
