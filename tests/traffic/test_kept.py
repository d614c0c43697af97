"""Kept connections are honest: what a server does to one of them is told of the request that it carried, and of no other."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drdrill.lab import door as lab_door
from drdrill.lab import http1
from drdrill.model.operation import Failure, Outcome
from drdrill.traffic.door import Door
from drdrill.traffic.resolver import resolver_of
from drdrill.waiting import wait_until

from .bank import Bank
from .moody import (
    BODY,
    DONE,
    DONE_AND_CLOSE,
    DONE_IN_CHUNKS,
    DONE_UNTIL_THE_END,
    HEAD,
    Line,
    Manners,
    Moody,
    answering,
    moody,
)
from .names import NameServerOfOneName
from .sending import Customer
from .test_secure import certificate, secure_bank  # noqa: F401 (fixtures)

LOOPBACK = "127.0.0.1"
ACKED = (Outcome.ACKED, Failure.NONE)
RESET = (Outcome.UNKNOWN, Failure.CONNECTION_RESET)
GONE = (Outcome.UNSENT, Failure.CONNECT_RESET)

MakeCustomer = Callable[..., Customer]


@pytest.fixture
def customer_of(tmp_path: Path) -> MakeCustomer:
    def make(server: Moody, **words: object) -> Customer:
        return Customer(tmp_path / "a.ops", Door(LOOPBACK, server.port), **words)  # type: ignore[arg-type]

    return make


def outcomes(customer: Customer) -> list[tuple[int, int]]:
    operations = customer.operations()
    return list(zip(operations["outcome"].tolist(), operations["failure"].tolist(), strict=True))


def then(after: Callable[[Line, Moody], None], *, answered: int = 1) -> Manners:
    """The first connection answers so many requests and then does something else; every further one answers for ever."""
    first = threading.Lock()

    def treat(line: Line, server: Moody) -> None:
        if not first.acquire(blocking=False):
            answering(DONE)(line, server)
            return
        for _ in range(answered):
            assert server.hear(line)
            line.say(DONE)
        after(line, server)

    return treat


@pytest.mark.parametrize("answer", [DONE, DONE_IN_CHUNKS])
def test_one_connection_carries_many_requests(customer_of: MakeCustomer, answer: bytes) -> None:
    with moody(answering(answer)) as server:
        customer = customer_of(server)
        customer.ask(20)
        assert (server.connections, len(server.heard)) == (1, 20)
        assert not any(b"Connection" in request for request in server.heard)
        assert customer.loop.connections() == "kept connections: 1 for 20 requests"
        assert outcomes(customer) == [ACKED] * 20


def test_without_being_asked_for_nothing_is_kept(customer_of: MakeCustomer) -> None:
    with moody(answering(DONE)) as server:
        customer = customer_of(server, keep=False)
        customer.ask(5)
        assert server.connections == 5
        assert all(b"Connection: close" in request for request in server.heard)
        assert outcomes(customer) == [ACKED] * 5


def test_a_connection_never_carries_two_requests_at_a_time(customer_of: MakeCustomer) -> None:
    """No pipelining: what is in flight together has connections of its own, and all of them are kept."""

    def slow(line: Line, server: Moody) -> None:
        while server.hear(line):
            assert server.go_on.wait(10)
            line.say(DONE)

    with moody(slow) as server:
        customer = customer_of(server)
        customer.send(4)
        wait_until("all four were heard", lambda: len(server.heard) == 4, limit_s=10)
        assert server.connections == 4
        server.go_on.set()
        customer.settle()
        customer.send(4)
        customer.settle()
        assert server.connections == 4
        assert outcomes(customer) == [ACKED] * 8


@pytest.mark.parametrize("answer", [DONE_AND_CLOSE, DONE_UNTIL_THE_END])
def test_a_server_that_keeps_nothing_degrades_kept_to_fresh_and_it_is_said(
    customer_of: MakeCustomer, answer: bytes
) -> None:
    def once(line: Line, server: Moody) -> None:
        if server.hear(line):
            line.say(answer)
        line.hang_up()

    with moody(once) as server:
        customer = customer_of(server)
        customer.ask(6)
        assert server.connections == 6
        said = customer.loop.connections()
        assert said == "connections were NOT kept by the other side: 6 were needed for 6 requests"
        assert outcomes(customer) == [ACKED] * 6


@pytest.mark.parametrize("end", [Line.hang_up, Line.reset])
def test_a_connection_that_ended_while_it_rested_is_not_used_again(
    customer_of: MakeCustomer, end: Callable[[Line], None]
) -> None:
    def after(line: Line, server: Moody) -> None:
        end(line)
        server.hung_up.set()

    with moody(then(after, answered=3)) as server:
        customer = customer_of(server)
        customer.ask(3)
        assert server.hung_up.wait(10)
        customer.hear_for(0.05)
        customer.ask(3)
        assert server.connections == 2
        assert outcomes(customer) == [ACKED] * 6


def test_a_connection_that_dies_under_a_request_makes_it_unknown_and_it_is_not_sent_again(
    customer_of: MakeCustomer,
) -> None:
    """The server heard it, and hung up in the place of an answer: it may have done what it was asked."""

    def after(line: Line, server: Moody) -> None:
        assert server.hear(line)
        line.hang_up()

    with moody(then(after)) as server:
        customer = customer_of(server)
        customer.ask(3)
        assert len(server.heard) == 3
        assert len(set(server.heard)) == 3, "no request came twice"
        assert outcomes(customer) == [ACKED, RESET, ACKED]


def test_a_request_into_a_connection_whose_end_was_not_noticed_is_unknown(customer_of: MakeCustomer) -> None:
    """The farewell lies in the kernel, unread: the bytes leave, nobody reads them, and nothing is repeated."""

    def after(line: Line, server: Moody) -> None:
        line.hang_up()
        server.hung_up.set()

    with moody(then(after)) as server:
        customer = customer_of(server)
        customer.ask()
        assert server.hung_up.wait(10)
        customer.ask(2)
        assert len(server.heard) == 2
        assert outcomes(customer) == [ACKED, RESET, ACKED]


def test_a_request_that_the_kernel_does_not_take_is_unsent(customer_of: MakeCustomer) -> None:
    """The connection was reset before: not a byte leaves, and it is not sent on another connection in secret."""

    def after(line: Line, server: Moody) -> None:
        line.reset()
        server.hung_up.set()

    with moody(then(after)) as server:
        customer = customer_of(server)
        customer.ask()
        assert server.hung_up.wait(10)
        customer.ask(2)
        assert len(server.heard) == 2
        assert outcomes(customer) == [ACKED, GONE, ACKED]


@pytest.mark.parametrize("end", [Line.hang_up, Line.reset])
@pytest.mark.parametrize("half", [DONE[:40], DONE[:-1], HEAD])
def test_half_an_answer_is_no_promise(customer_of: MakeCustomer, end: Callable[[Line], None], half: bytes) -> None:
    def after(line: Line, server: Moody) -> None:
        assert server.hear(line)
        line.say(half)
        end(line)

    with moody(then(after)) as server:
        customer = customer_of(server)
        customer.ask(3)
        assert outcomes(customer) == [ACKED, RESET, ACKED]


def test_a_slow_answer_is_waited_for_and_its_connection_is_kept(customer_of: MakeCustomer) -> None:
    def dribble(line: Line, server: Moody) -> None:
        while server.hear(line):
            for at in range(0, len(DONE), 40):
                line.say(DONE[at : at + 40])
                server.hung_up.wait(0.005)

    with moody(dribble) as server:
        customer = customer_of(server)
        customer.ask(3)
        assert server.connections == 1
        assert outcomes(customer) == [ACKED] * 3


def test_a_late_answer_is_never_taken_for_the_next_ones(customer_of: MakeCustomer) -> None:
    """The deadline closes the connection: whatever still comes on it is nobody's promise."""

    def after(line: Line, server: Moody) -> None:
        assert server.hear(line)
        line.say(DONE[:60])
        server.go_on.wait(10)
        line.say(DONE[60:])

    with moody(then(after)) as server:
        customer = customer_of(server, deadline_s=0.3)
        customer.ask(2)
        server.go_on.set()
        customer.ask(2)
        assert server.connections == 2
        assert outcomes(customer) == [ACKED, (Outcome.UNKNOWN, Failure.TIMED_OUT), ACKED, ACKED]


@pytest.mark.parametrize("unasked", [DONE, b"H", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
def test_what_is_said_unasked_is_no_answer_to_the_next_request(customer_of: MakeCustomer, unasked: bytes) -> None:
    def after(line: Line, server: Moody) -> None:
        line.say(unasked)
        server.hung_up.set()
        server.hear(line)

    with moody(then(after)) as server:
        customer = customer_of(server)
        customer.ask()
        assert server.hung_up.wait(10)
        customer.hear_for(0.05)
        customer.ask()
        assert (server.connections, len(server.heard)) == (2, 2)
        assert outcomes(customer) == [ACKED] * 2


def test_an_answer_with_a_byte_too_many_counts_and_its_connection_does_not(customer_of: MakeCustomer) -> None:
    with moody(answering(DONE + DONE)) as server:
        customer = customer_of(server)
        customer.ask(3)
        assert server.connections == 3
        assert outcomes(customer) == [ACKED] * 3


def test_when_the_name_moves_the_connections_move_with_it(names: NameServerOfOneName, tmp_path: Path) -> None:
    """The old address still answers; its connections are closed all the same, as soon as the name server says so."""
    names.ttl_s = 0
    with moody(answering(DONE)) as old, moody(answering(DONE), "127.0.0.2", old.port) as new:
        door = Door("bank.example", old.port)
        customer = Customer(tmp_path / "a.ops", door, resolver=resolver_of(door, names.address))
        customer.send(12)
        customer.settle()
        assert (old.connections, new.connections) == (12, 0)
        names.answer = "127.0.0.2"
        asked = len(names.asked)
        while len(names.asked) < asked + 2:  # a look-up that was under way may have had the old answer
            customer.ask()
            customer.hear_for(0.02)
        for _ in range(200):
            customer.hear_for(0.02)
            if old.left == 12:
                break
        assert old.left == 12, "connections that rest are closed when the name has moved, not when they are wanted"
        before = len(old.heard)
        customer.ask(3)
        assert (old.connections, new.connections) == (12, 1)
        assert len(old.heard) == before
        assert set(outcomes(customer)) == {ACKED}


def test_a_request_in_flight_when_the_name_moves_ends_where_it_was_sent(
    names: NameServerOfOneName, tmp_path: Path
) -> None:
    names.ttl_s = 0

    def slow(line: Line, server: Moody) -> None:
        while server.hear(line):
            assert server.go_on.wait(10)
            line.say(DONE)

    with moody(slow) as old, moody(answering(DONE), "127.0.0.2", old.port) as new:
        door = Door("bank.example", old.port)
        customer = Customer(tmp_path / "a.ops", door, resolver=resolver_of(door, names.address))
        customer.send()
        while not old.heard:
            customer.hear_for(0.01)
        names.answer = "127.0.0.2"
        customer.send()
        while not new.heard:
            customer.hear_for(0.01)
        old.go_on.set()
        customer.settle()
        wait_until("the old connection was left", lambda: old.left == 1, limit_s=10)
        assert outcomes(customer) == [ACKED] * 2


@pytest.mark.parametrize("keep", [True, False])
def test_a_dead_name_server_hurts_those_who_have_no_connection(
    names: NameServerOfOneName, tmp_path: Path, keep: bool
) -> None:
    """This is what makes kept connections a choice: they hide that nobody new could come in."""
    names.ttl_s = 0
    with moody(answering(DONE)) as server:
        door = Door("bank.example", server.port)
        resolver = resolver_of(door, names.address)
        customer = Customer(tmp_path / "a.ops", door, keep=keep, deadline_s=0.3, resolver=resolver)
        customer.ask()
        names.silent = True
        customer.ask(3)
        after = ACKED if keep else (Outcome.UNSENT, Failure.NAME_NOT_RESOLVED)
        assert outcomes(customer) == [ACKED, after, after, after]


def test_kept_connections_over_tls(
    secure_bank: Bank,  # noqa: F811
    certificate: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One handshake for many requests; a session that is reset under a request makes that one unknown."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    customer = Customer(tmp_path / "a.ops", Door(LOOPBACK, secure_bank.port, tls=True))
    customer.ask(5)
    customer.hear_for(0.05)
    customer.ask(5)
    assert customer.loop.connections() == "kept connections: 1 for 10 requests"
    secure_bank.manners = "reset"
    customer.ask()
    secure_bank.manners = "ok"
    customer.ask()
    assert outcomes(customer) == [*[ACKED] * 10, RESET, ACKED]
    assert len(secure_bank.heard) == 12


class LabDoor:
    """The listening side of the lab's edge and of its load balancers, in a loop of its own."""

    def __init__(self) -> None:
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = socket.create_server((LOOPBACK, 0))
        self.port = listener.getsockname()[1]
        door = lab_door.Door(self._answer)
        await door.open(listener)
        self._ready.set()
        await self._stop.wait()
        await door.close()

    async def _answer(self, request: http1.Request, client: str) -> http1.Response:
        return http1.response(200, "OK", BODY)

    def __enter__(self) -> LabDoor:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@pytest.mark.parametrize(
    ("keep", "said"),
    [(True, "kept connections: 1 for 30 requests"), (False, "a fresh connection for each request: 30 for 30")],
)
def test_the_labs_edge_and_load_balancers_keep_connections(tmp_path: Path, keep: bool, said: str) -> None:
    with LabDoor() as door:
        customer = Customer(tmp_path / "a.ops", Door(LOOPBACK, door.port), keep=keep)
        customer.ask(30)
        assert customer.loop.connections() == said
        assert outcomes(customer) == [ACKED] * 30
