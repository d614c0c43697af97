"""Darkness by itself, with a pair of sockets."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from drdrill.lab.gateway.darkness import Darkness, HungUp


@pytest.fixture
def ends():
    server, client = socket.socketpair()
    yield server, client
    server.close()
    client.close()


def hang(darkness: Darkness, server: socket.socket) -> threading.Thread:
    def wait() -> None:
        with pytest.raises(HungUp):
            darkness.hang_if_dark("here", server)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_lit_region_does_not_hang(ends) -> None:
    Darkness().hang_if_dark("here", ends[0])


@pytest.mark.parametrize("end", ["client leaves", "light", "stop"])
def test_a_call_hangs_until(end: str, ends) -> None:
    darkness = Darkness()
    darkness.set("here", dark=True)
    thread = hang(darkness, ends[0])
    thread.join(0.3)
    assert thread.is_alive()
    assert darkness.hanging == 1
    acts = {"client leaves": ends[1].close, "light": lambda: darkness.set("here", dark=False), "stop": darkness.stop}
    began = time.monotonic()
    acts[end]()
    thread.join(2)
    assert not thread.is_alive()
    assert time.monotonic() - began < 0.5
    assert darkness.hanging == 0


def test_light_is_told_once_and_only_after_darkness() -> None:
    darkness, lit = Darkness(), []
    darkness.when_lit(lit.append)
    darkness.set("here", dark=False)
    darkness.set("here", dark=True)
    darkness.set("here", dark=True)
    darkness.set("here", dark=False)
    darkness.set("here", dark=False)
    assert lit == ["here"]
