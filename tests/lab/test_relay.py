"""Links are cut, delayed and throttled for established connections as well as for new ones."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from drdrill.errors import EstateError
from drdrill.lab.link import Flow, Link, LinkChange
from drdrill.lab.network import Network

SILENCE_S = 0.2


class Stage:
    """A server that remembers what it heard and answers in capitals, behind one link."""

    def __init__(self, network: Network, port: int) -> None:
        self.network = network
        self.port = port
        self.heard = b""
        self.hung_up = 0

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def change(self, **change: object) -> None:
        self.network.change(LinkChange.model_validate({"names": ("link",), **change}))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                self.heard += data
                writer.write(data.upper())
                await writer.drain()
        except ConnectionError:
            pass
        self.hung_up += 1
        writer.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@asynccontextmanager
async def stage(**link: object) -> AsyncIterator[Stage]:
    upstream, port = free_port(), free_port()
    places = {"from_place": "here", "to_place": "there"}
    wanted = {"name": "link", "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstream}", **places, **link}
    network = Network([Link.model_validate(wanted)], asyncio.get_running_loop())
    network.listen()
    made = Stage(network, port)
    server = await asyncio.start_server(made.answer, "127.0.0.1", upstream)
    try:
        yield made
    finally:
        network.close()
        server.close()
        await asyncio.sleep(0.05)


def on_stage(**link: object) -> Callable[[Callable[[Stage], Awaitable[None]]], Callable[[], None]]:
    def decorate(play: Callable[[Stage], Awaitable[None]]) -> Callable[[], None]:
        async def run() -> None:
            async with stage(**link) as made:
                await asyncio.wait_for(play(made), 30)

        def test() -> None:
            asyncio.run(run())

        test.__name__, test.__doc__ = play.__name__, play.__doc__
        return test

    return decorate


async def hears_nothing(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), SILENCE_S)
    except TimeoutError:
        return True
    return False


@on_stage()
async def test_bytes_pass_both_ways_and_a_half_close_is_passed_on(made: Stage) -> None:
    reader, writer = await made.connect()
    writer.write(b"hello")
    writer.write_eof()
    assert await reader.read() == b"HELLO"
    assert made.heard == b"hello"
    writer.close()


@on_stage()
async def test_a_large_transfer_arrives_whole_and_in_order(made: Stage) -> None:
    data = os.urandom(1 << 20).hex().encode() * 4
    reader, writer = await made.connect()

    async def send() -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    _, said = await asyncio.gather(send(), reader.read())
    assert hashlib.sha256(said).digest() == hashlib.sha256(data.upper()).digest()
    assert made.network.states()[0].forwarded == len(data)
    writer.close()


@on_stage()
async def test_a_blackhole_silences_established_and_new_connections(made: Stage) -> None:
    reader, writer = await made.connect()
    writer.write(b"a")
    assert await reader.read(1) == b"A"
    made.change(mode="blackhole")
    writer.write(b"lost")
    new_reader, new_writer = await made.connect()
    new_writer.write(b"lost too")
    assert await hears_nothing(reader)
    assert await hears_nothing(new_reader)
    assert made.heard == b"a"
    for each in (writer, new_writer):
        each.close()


@on_stage()
async def test_in_a_blackhole_nobody_learns_that_the_other_hung_up(made: Stage) -> None:
    reader, writer = await made.connect()
    writer.write(b"a")
    assert await reader.read(1) == b"A"
    made.change(mode="blackhole")
    writer.transport.abort()
    await asyncio.sleep(SILENCE_S)
    assert made.hung_up == 0
    made.change(mode="open")
    await asyncio.sleep(SILENCE_S)
    assert made.hung_up == 1


@on_stage()
async def test_a_connection_that_lived_through_a_blackhole_is_reset_and_a_new_one_works(made: Stage) -> None:
    reader, writer = await made.connect()
    made.change(mode="blackhole")
    new_reader, new_writer = await made.connect()
    await asyncio.sleep(0.05)
    made.change(mode="open")
    for stale in (reader, new_reader):
        with pytest.raises(ConnectionResetError):
            await stale.read(1)
    fresh_reader, fresh_writer = await made.connect()
    fresh_writer.write(b"b")
    assert await fresh_reader.read(1) == b"B"
    for each in (writer, new_writer, fresh_writer):
        each.close()


@on_stage()
async def test_reset_ends_established_connections_refuses_new_ones_and_heals(made: Stage) -> None:
    reader, writer = await made.connect()
    writer.write(b"a")
    assert await reader.read(1) == b"A"
    made.change(mode="reset")
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    with pytest.raises(ConnectionRefusedError):
        await made.connect()
    made.change(mode="open")
    fresh_reader, fresh_writer = await made.connect()
    fresh_writer.write(b"b")
    assert await fresh_reader.read(1) == b"B"
    for each in (writer, fresh_writer):
        each.close()


@pytest.mark.parametrize(("direction", "expected_s"), [("forward", 0.2), ("backward", 0.2), ("both", 0.4)])
def test_a_delay_is_one_way_and_lets_bytes_follow_each_other(direction: str, expected_s: float) -> None:
    async def play() -> None:
        async with stage() as made:
            made.change(delay_s=0.2, direction=direction)
            reader, writer = await made.connect()
            began = time.monotonic()
            for letter in (b"a", b"b", b"c"):
                writer.write(letter)
                await asyncio.sleep(0.01)
            assert await reader.readexactly(3) == b"ABC"
            assert expected_s <= time.monotonic() - began < expected_s + 0.15
            writer.close()

    asyncio.run(play())


@on_stage(backward=Flow(delay_s=0.1))
async def test_restoring_a_link_takes_it_back_to_how_it_was_opened(made: Stage) -> None:
    made.change(delay_s=3.0, bytes_per_s=10.0)
    made.change(restore=True)
    state = made.network.states()[0]
    assert (state.forward, state.backward) == (Flow(), Flow(delay_s=0.1))


@on_stage()
async def test_shortening_a_delay_keeps_the_order_of_bytes(made: Stage) -> None:
    made.change(delay_s=5.0, direction="forward")
    reader, writer = await made.connect()
    writer.write(b"first ")
    await asyncio.sleep(0.05)
    made.change(delay_s=0.0)
    writer.write(b"second")
    assert await reader.readexactly(12) == b"FIRST SECOND"
    writer.close()


@on_stage()
async def test_a_throttled_link_carries_so_many_bytes_a_second_for_all_connections_together(made: Stage) -> None:
    made.change(bytes_per_s=100_000, direction="forward")
    ends = [await made.connect(), await made.connect()]
    began = time.monotonic()
    for _, writer in ends:
        writer.write(b"x" * 25_000)
    for reader, _ in ends:
        await reader.readexactly(25_000)
    assert 0.45 <= time.monotonic() - began < 0.8
    for _, writer in ends:
        writer.close()


@on_stage()
async def test_a_link_is_restored_although_one_of_its_peers_has_reset_the_connection(made: Stage) -> None:
    made.change(delay_s=5.0, direction="backward")
    client = socket.create_connection(("127.0.0.1", made.port))
    client.shutdown(socket.SHUT_WR)  # no data: what is on its way back is the server's farewell alone
    while made.hung_up == 0:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    made.change(restore=True)  # in the same turn: the relay does not know yet that the client is gone
    assert made.network.states()[0].backward == Flow()


@on_stage()
async def test_an_unknown_link_changes_none(made: Stage) -> None:
    with pytest.raises(EstateError, match="no link was changed: there is no link nowhere"):
        made.network.change(LinkChange(names=("link", "nowhere"), mode="reset"))
    assert made.network.states()[0].mode == "open"


def test_a_dead_upstream_resets_the_client() -> None:
    async def play() -> None:
        async with stage(upstream=f"127.0.0.1:{free_port()}") as made:
            reader, writer = await made.connect()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()

    asyncio.run(play())
