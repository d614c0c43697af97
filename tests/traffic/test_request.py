"""Every way in which one attempt can end, against a real server."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from drdrill.model.operation import Failure, Outcome
from drdrill.traffic.door import Door
from drdrill.traffic.request import Letters

from .bank import Bank
from .sending import A_BALANCE, A_TRANSFER, sent


@pytest.mark.parametrize(
    ("manners", "outcome", "failure", "status"),
    [
        ("ok", Outcome.ACKED, Failure.NONE, 200),
        ("chunked", Outcome.ACKED, Failure.NONE, 200),
        ("not_done", Outcome.REFUSED, Failure.NONE, 409),
        ("no_promise_503", Outcome.UNKNOWN, Failure.NO_PROMISE, 503),
        ("no_promise_200", Outcome.UNKNOWN, Failure.NO_PROMISE, 200),
        ("contradiction", Outcome.UNKNOWN, Failure.NO_PROMISE, 500),
        ("not_json", Outcome.UNKNOWN, Failure.NO_PROMISE, 200),
        ("hang", Outcome.UNKNOWN, Failure.TIMED_OUT, 0),
        ("reset", Outcome.UNKNOWN, Failure.CONNECTION_RESET, 0),
        ("cut", Outcome.UNKNOWN, Failure.CONNECTION_RESET, 0),
        ("hang_up", Outcome.UNKNOWN, Failure.CONNECTION_RESET, 0),
        ("garbage", Outcome.UNKNOWN, Failure.PROTOCOL, 0),
    ],
)
def test_what_a_transfer_was_promised(
    bank: Bank, tmp_path: Path, manners: str, outcome: Outcome, failure: Failure, status: int
) -> None:
    """A promise is acked or refused; everything else that a bank can do to a request is unknown."""
    bank.manners = manners
    (operation,) = sent(tmp_path / "a.ops", bank.port)
    assert (operation["outcome"], operation["failure"], operation["status"]) == (outcome, failure, status)
    assert bank.heard == [operation["op_id"]]
    assert operation["done_ns"] >= operation["sent_ns"] >= operation["due_ns"]
    assert operation["seen_seq"] == -1


def test_a_read_says_what_it_saw_and_who_served_it(bank: Bank, tmp_path: Path) -> None:
    (operation,) = sent(tmp_path / "a.ops", bank.port, A_BALANCE)
    assert (operation["outcome"], operation["seen_seq"], operation["region"]) == (Outcome.ACKED, 17, 2)
    assert (operation["debit"], operation["credit"], operation["amount_paise"]) == (3, -1, 0)


def test_a_read_that_is_promised_not_done_is_refused(bank: Bank, tmp_path: Path) -> None:
    bank.manners = "not_done"
    (operation,) = sent(tmp_path / "a.ops", bank.port, A_BALANCE)
    assert (operation["outcome"], operation["seen_seq"]) == (Outcome.REFUSED, -1)


def test_a_refused_connection_is_unsent(tmp_path: Path) -> None:
    """Nobody listens: no byte left."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        (operation,) = sent(tmp_path / "a.ops", unused.getsockname()[1])
    assert (operation["outcome"], operation["failure"]) == (Outcome.UNSENT, Failure.CONNECTION_REFUSED)


def test_a_connection_that_is_never_accepted_took_the_request_and_is_unknown(tmp_path: Path) -> None:
    """The kernel of the server completes the handshake: the bytes left, whoever may read them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (operation,) = sent(tmp_path / "a.ops", listener.getsockname()[1], deadline_s=0.2)
    assert (operation["outcome"], operation["failure"]) == (Outcome.UNKNOWN, Failure.TIMED_OUT)


def test_a_connection_that_never_stands_is_unsent_and_ends_at_its_deadline(tmp_path: Path) -> None:
    """The queue of the listener is full, so SYNs are dropped as by a blackhole."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        operations = sent(tmp_path / "a.ops", listener.getsockname()[1], count=3, deadline_s=0.2)
    assert set(operations["outcome"]) == {Outcome.UNSENT}
    assert set(operations["failure"]) == {Failure.CONNECT_TIMED_OUT}
    took_s = (operations["done_ns"] - operations["sent_ns"]) / 1e9
    assert took_s.min() >= 0.2
    assert took_s.max() < 0.35


def test_a_reset_before_any_byte_is_unsent(bank: Bank, tmp_path: Path) -> None:
    """One address is unreachable at once: the kernel says so before anything is sent."""
    (operation,) = sent(tmp_path / "a.ops", 80, host="255.255.255.255")
    assert operation["outcome"] == Outcome.UNSENT


def test_beyond_the_cap_an_operation_is_recorded_as_unsent(bank: Bank, tmp_path: Path) -> None:
    bank.manners = "hang"
    operations = sent(tmp_path / "a.ops", bank.port, count=10, cap=4, deadline_s=0.3)
    assert list(operations["failure"]) == [Failure.TIMED_OUT] * 4 + [Failure.CLIENT_CAP] * 6
    assert set(operations["outcome"][4:]) == {Outcome.UNSENT}
    assert not operations["sent_ns"][4:].any()
    assert len(bank.heard) == 4


def test_each_request_has_its_own_connection_and_its_own_deadline(bank: Bank, tmp_path: Path) -> None:
    """A dead connection takes one result with it, and a slow answer moves nothing that is due."""
    bank.manners = "hang"
    operations = sent(tmp_path / "a.ops", bank.port, count=50, spacing_s=0.01, deadline_s=0.3)
    took_s = (operations["done_ns"] - operations["sent_ns"]) / 1e9
    assert took_s.min() >= 0.3
    assert abs(took_s.mean() - 0.3) < 0.05
    assert bank.requests == 50


def test_an_answer_that_lies_ready_when_its_deadline_passed_is_heard(bank: Bank, tmp_path: Path) -> None:
    """A client that was stalled hears a late ack: it is late, not unknown."""
    import select
    from itertools import cycle

    from drdrill.record.operations import OperationRecorder, read_operations
    from drdrill.traffic.journeys import JOURNEYS
    from drdrill.traffic.open_loop import OpenLoop, Terms
    from drdrill.traffic.resolver import LiteralAddress

    door = Door("127.0.0.1", bank.port)
    with OperationRecorder.create(tmp_path / "a.ops", 5, "test", JOURNEYS, ("none",)) as recorder:
        terms = Terms(door, 0.05, 9, {})
        loop = OpenLoop(
            iter([time.monotonic_ns()]), cycle([A_TRANSFER]), recorder, terms, select.epoll(), LiteralAddress(door)
        )
        loop.turn()
        with select.epoll() as stall:
            stall.poll(0.2)
        loop.turn()
        assert loop.finished
        loop.close()
    (operation,), *_ = read_operations(tmp_path / "a.ops")
    assert operation["outcome"] == Outcome.ACKED
    assert operation["done_ns"] - operation["sent_ns"] > 0.15e9


def test_a_request_names_its_operation_as_idempotency_key() -> None:
    request = Letters(Door("bank.example", 8080)).write(77, A_TRANSFER)
    head, body = request.split(b"\r\n\r\n")
    assert body == b'{"op_id":77,"debit":1,"credit":2,"amount_paise":10000}'
    assert head.startswith(b"POST /transfer HTTP/1.1\r\nHost: bank.example:8080\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
