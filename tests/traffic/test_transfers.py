"""Exactly so many acked transfers, whatever else happens on the way."""

from __future__ import annotations

import socket
import threading

import pytest

from drdrill.errors import Unprovable
from drdrill.model.operation import Outcome
from drdrill.record.operations import read_operations
from drdrill.traffic.transfers import send_transfers
from drdrill.waiting import wait_until

from .bank import Bank
from .conftest import OpenDrill


def test_exactly_as_many_are_acked_as_were_asked_for(bank: Bank, open_drill: OpenDrill) -> None:
    session = open_drill.begin("127.0.0.1", bank.port)
    ids = send_transfers(session, 100, 90)
    operations, told, *_ = read_operations(open_drill.record("transfers-90"), drill_id="drill-1")
    assert sorted(ids) == operations["op_id"].tolist() == sorted(bank.heard)
    assert (len(ids), told.number, told.closed) == (100, 90, True)


def test_what_was_not_acked_is_replaced(bank: Bank, open_drill: OpenDrill) -> None:
    session = open_drill.begin("127.0.0.1", bank.port)
    bank.manners = "not_done"

    def relent() -> None:
        wait_until("20 were refused", lambda: bank.requests >= 20, limit_s=10)
        bank.manners = "ok"

    turning = threading.Thread(target=relent)
    turning.start()
    ids = send_transfers(session, 30, 91)
    turning.join()
    operations, *_ = read_operations(open_drill.record("transfers-91"))
    acked = operations[operations["outcome"] == Outcome.ACKED]
    assert acked["op_id"].tolist() == sorted(ids)
    assert len(ids) == 30
    assert (operations["outcome"] == Outcome.REFUSED).sum() >= 20


def test_a_bank_that_is_gone_is_told_and_not_hammered(open_drill: OpenDrill) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        session = open_drill.begin("127.0.0.1", unused.getsockname()[1])
        with pytest.raises(Unprovable, match=r"^the drill goes no further: 0 of 5 transfers were acked within 0.3 s"):
            send_transfers(session, 5, 92, limit_s=0.3)
    operations, told, *_ = read_operations(open_drill.record("transfers-92"))
    assert told.closed
    assert len(operations) < 60
