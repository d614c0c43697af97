"""The drill's side and the worker's side of one conversation, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from drdrill.errors import EstateError
from drdrill.model.estate import Address
from drdrill.traffic.sealed_line import LINE_BYTES_MAX, Line, Seal, Unsealed
from drdrill.traffic.timekeeper import Share, Timekeeper
from drdrill.traffic.worker_clock import Drill, Unreachable
from drdrill.waiting import wait_until

LISTEN = Address(host="127.0.0.1", port=0)
TOKEN = "a token of this drill"


@pytest.fixture
def keeper() -> Iterator[Timekeeper]:
    with Timekeeper(3, TOKEN, LISTEN) as keeper:
        yield keeper


@pytest.fixture
def drill(keeper: Timekeeper) -> Iterator[Drill]:
    with contextlib.closing(Drill(keeper.address, TOKEN)) as drill:
        yield drill


@pytest.mark.parametrize("skew_ns", [0, 3_000_000_000, -200_000_000])
def test_the_offset_is_measured_to_half_a_round_trip(keeper: Timekeeper, skew_ns: int) -> None:
    with contextlib.closing(Drill(keeper.address, TOKEN, now_ns=lambda: time.monotonic_ns() + skew_ns)) as drill:
        reading = drill.read_clock([0], round_trips=32)
    assert 0 < reading.error_ns < 20_000_000
    assert abs(reading.offset_ns + skew_ns) <= reading.error_ns


def test_a_share_is_given_out_once(keeper: Timekeeper, drill: Drill) -> None:
    assert drill.enrol("here", 2) == [0, 1]
    with pytest.raises(EstateError, match="has no 2 free shares"):
        drill.enrol("there", 2)
    assert drill.enrol("there", 1) == [2]
    assert [share.host for share in keeper.shares()] == ["here", "here", "there"]


def test_what_a_worker_tells_is_known_and_others_are_not_heard(keeper: Timekeeper, drill: Drill) -> None:
    drill.enrol("here", 1)
    drill.tell([0], "sending")
    drill.tell([1, 7, -1], "sending")
    assert [share.state for share in keeper.shares()] == ["sending", "free", "free"]
    heard_ns = keeper.shares()[0].heard_ns
    drill.read_clock([0], round_trips=1)
    assert keeper.shares()[0].heard_ns > heard_ns


def test_nobody_is_enrolled_when_the_traffic_is_over_and_all_hear_of_it(keeper: Timekeeper, drill: Drill) -> None:
    drill.enrol("here", 1)
    assert not drill.stopping
    keeper.stop_workers()
    with pytest.raises(EstateError, match="its traffic is over"):
        drill.enrol("there", 1)
    assert drill.stopping


def test_without_the_token_nothing_is_answered(keeper: Timekeeper) -> None:
    stranger = Drill(keeper.address, "another token")
    with pytest.raises(Unreachable, match="hung up"):
        stranger.enrol("there", 1)
    assert keeper.shares() == (Share(0), Share(1), Share(2))
    wait_until("it is counted", lambda: keeper.refused == 1, limit_s=5)


def test_what_was_heard_on_one_line_means_nothing_on_another(keeper: Timekeeper) -> None:
    """A line is sealed with both sides' greetings: played back, it opens nothing."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as mine,
        contextlib.closing(server.accept()[0]) as theirs,
    ):
        theirs.sendall(b"0" * 32 + b"\n")
        Line(mine, TOKEN, "worker", 1).send({"ask": "enrol", "host": "there", "count": 1, "n": 1})
        overheard = b""
        while overheard.count(b"\n") < 2:
            overheard += theirs.recv(LINE_BYTES_MAX)
    with socket.create_connection((keeper.address.host, keeper.address.port), 2) as connection:
        connection.settimeout(2)
        connection.sendall(overheard)  # the greeting, and the line
        assert connection.recv(33)
        assert connection.recv(100) == b"", "it hangs up"
    assert keeper.shares()[0].state == "free"


def test_a_seal_binds_the_side_and_the_words() -> None:
    seal = Seal(TOKEN, b"greetings")
    line = seal.close("worker", {"ask": "time"})
    assert seal.open("worker", line) == {"ask": "time"}
    for side, forged in (("drill", line), ("worker", line.replace(b"time", b"tell")), ("worker", line[:-1])):
        with pytest.raises(Unsealed):
            seal.open(side, forged)


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\n", b"x" * 3 * LINE_BYTES_MAX])
def test_noise_is_hung_up_on_and_the_others_are_still_served(keeper: Timekeeper, drill: Drill, noise: bytes) -> None:
    with socket.create_connection((keeper.address.host, keeper.address.port), 2) as connection:
        connection.settimeout(5)
        connection.sendall(noise)
        with contextlib.suppress(ConnectionError):
            while connection.recv(4096):
                pass
    assert drill.enrol("here", 1) == [0]


def test_words_that_are_not_understood_change_nothing(keeper: Timekeeper) -> None:
    with socket.create_connection((keeper.address.host, keeper.address.port), 2) as connection:
        line = Line(connection, TOKEN, "worker", 2)
        for words in ({}, {"ask": "tell", "shares": [0], "state": "free"}, {"ask": "enrol", "host": 3, "count": "x"}):
            line.send({**words, "n": 1})
            answer = line.hear()
            assert answer is not None
            assert answer["refused"] == "not understood"
    assert keeper.shares()[0].state == "free"


def test_an_address_that_cannot_be_listened_on_is_refused(keeper: Timekeeper) -> None:
    with pytest.raises(EstateError, match="no worker can be reached"):
        Timekeeper(1, TOKEN, keeper.address)


def test_when_the_drill_is_over_every_line_is_dead_and_another_may_be_opened() -> None:
    with Timekeeper(1, TOKEN, LISTEN) as keeper:
        drill = Drill(keeper.address, TOKEN)
        drill.enrol("here", 1)
    with pytest.raises(Unreachable):
        drill.read_clock([0])
    with Timekeeper(1, TOKEN, keeper.address) as again:
        assert drill.read_clock([0]).error_ns > 0
        drill.close()
        assert again.refused == 0
