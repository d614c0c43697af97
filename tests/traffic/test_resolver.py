"""Names: a real name server, its TTL respected, and every way in which it can fail."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from dnslib import RCODE

from drdrill.model.estate import Address
from drdrill.model.operation import Failure, Operations, Outcome
from drdrill.traffic.door import Door
from drdrill.traffic.resolver import LiteralAddress, NameServer, SystemResolver, resolver_of
from drdrill.waiting import wait_until

from .bank import Bank
from .names import NameServerOfOneName
from .sending import sent

NAME = "bank.example"


def sent_by_name(path: Path, bank: Bank, names: NameServerOfOneName, **options: object) -> Operations:
    resolver = NameServer(Door(NAME, bank.port), names.address)
    return sent(path, bank.port, host=NAME, resolver=resolver, **options)  # type: ignore[arg-type]


def test_one_answer_serves_everybody_who_waits_and_then_holds_for_its_ttl(
    bank: Bank, names: NameServerOfOneName, tmp_path: Path
) -> None:
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=250, spacing_s=0.01)
    assert set(operations["outcome"]) == {Outcome.ACKED}
    assert 2 <= len(names.asked) <= 3, "250 operations in 2.5 s share the answers of a TTL of 1 s"
    gaps = [later - earlier for earlier, later in zip(names.asked, names.asked[1:], strict=False)]
    assert all(gap >= 0.95 for gap in gaps), "the second question may travel faster than the first"


def test_an_answer_that_became_stale_is_never_used(bank: Bank, names: NameServerOfOneName, tmp_path: Path) -> None:
    """The name moves to an address where nobody listens: at most one TTL later everybody notices."""
    moved: list[float] = []

    def move() -> None:
        wait_until("the bank heard 20 requests", lambda: bank.requests >= 20, limit_s=10)
        names.answer = "127.9.9.9"
        moved.append(time.monotonic())

    mover = threading.Thread(target=move)
    mover.start()
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=200, spacing_s=0.01)
    mover.join()
    at_old_s = operations["sent_ns"][operations["outcome"] == Outcome.ACKED].max() / 1e9
    assert at_old_s <= moved[0] + names.ttl_s
    assert operations["failure"][-1] == Failure.CONNECTION_REFUSED


def test_a_ttl_of_nothing_is_used_once(bank: Bank, names: NameServerOfOneName, tmp_path: Path) -> None:
    names.ttl_s = 0
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=5, spacing_s=0.1)
    assert set(operations["outcome"]) == {Outcome.ACKED}
    assert len(names.asked) == 5


@pytest.mark.parametrize("rcode", [RCODE.SERVFAIL, RCODE.NXDOMAIN, RCODE.NOERROR])
def test_a_name_without_an_address_leaves_the_request_unsent(
    bank: Bank, names: NameServerOfOneName, tmp_path: Path, rcode: int
) -> None:
    names.answer, names.rcode = None, rcode
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=3, spacing_s=0.05)
    assert set(operations["outcome"]) == {Outcome.UNSENT}
    assert set(operations["failure"]) == {Failure.NAME_NOT_RESOLVED}
    assert 2 <= len(names.asked) <= 3, "250 operations in 2.5 s share the answers of a TTL of 1 s"
    assert bank.requests == 0


def test_a_silent_name_server_costs_its_deadline_and_leaves_the_request_unsent(
    bank: Bank, names: NameServerOfOneName, tmp_path: Path
) -> None:
    names.silent = True
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=20, spacing_s=0.01, deadline_s=0.3)
    assert set(operations["failure"]) == {Failure.NAME_NOT_RESOLVED}
    took_s = (operations["done_ns"] - operations["sent_ns"]) / 1e9
    assert 0.3 <= took_s.min() <= took_s.max() < 0.45


def test_a_lookup_is_given_up_after_a_second_and_the_next_operation_asks_anew(
    bank: Bank, names: NameServerOfOneName, tmp_path: Path
) -> None:
    names.silent = True
    operations = sent_by_name(tmp_path / "a.ops", bank, names, count=2, spacing_s=1.1, deadline_s=3)
    took_s = (operations["done_ns"] - operations["sent_ns"]) / 1e9
    assert 1.0 <= took_s.min() <= took_s.max() < 1.2
    assert len(names.asked) == 2


def test_a_name_server_that_is_gone_is_noticed_at_once(bank: Bank, tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        gone = Address(host="127.0.0.1", port=unused.getsockname()[1])
    resolver = NameServer(Door(NAME, bank.port), gone)
    (operation,) = sent(tmp_path / "a.ops", bank.port, host=NAME, resolver=resolver)
    assert operation["failure"] == Failure.NAME_NOT_RESOLVED
    assert operation["done_ns"] - operation["sent_ns"] < 0.2e9


@pytest.mark.parametrize("noise", [b"\0\0", b"x" * 40])
def test_a_strangers_packet_is_not_an_answer(
    bank: Bank, names: NameServerOfOneName, tmp_path: Path, noise: bytes
) -> None:
    names.noise = noise
    (operation,) = sent_by_name(tmp_path / "a.ops", bank, names)
    assert operation["outcome"] == Outcome.ACKED


def test_without_a_name_server_the_system_is_asked(bank: Bank, tmp_path: Path) -> None:
    resolver = SystemResolver(Door("localhost", bank.port))
    operations = sent(tmp_path / "a.ops", bank.port, host="localhost", resolver=resolver, count=3, deadline_s=3)
    assert set(operations["outcome"]) <= {Outcome.ACKED, Outcome.UNSENT}
    assert operations["failure"][0] != Failure.NAME_NOT_RESOLVED


def test_a_name_that_the_system_does_not_know(tmp_path: Path) -> None:
    resolver = SystemResolver(Door("a..b", 80))
    (operation,) = sent(tmp_path / "a.ops", 80, host="a..b", resolver=resolver)
    assert operation["failure"] == Failure.NAME_NOT_RESOLVED


def test_the_door_decides_who_is_asked() -> None:
    server = Address(host="127.0.0.1", port=53)
    assert isinstance(resolver_of(Door("10.0.0.1", 80), server), LiteralAddress)
    assert isinstance(resolver_of(Door(NAME, 80), server), NameServer)
    assert isinstance(resolver_of(Door(NAME, 80), None), SystemResolver)
