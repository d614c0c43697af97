"""A bank that reads at home and writes wherever a database takes writes: at home a standby, abroad the writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.lab.bank.conftest import ACCOUNTS, HOST, OPENING_PAISE, Bank, OpenBank, Server

from drdrill.lab.bank.seed import prepare
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

HOME_PORT = 5442
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bank'"


@pytest.fixture
def home(servers: Callable[[int], Server], server: Server) -> Iterator[Server]:
    """A standby of the server, with the bank's books."""
    prepare(server.dsn("postgres"), ACCOUNTS, opening_paise=OPENING_PAISE)
    standby = servers(HOME_PORT)
    standby.copy(server)
    standby.start()
    yield standby
    standby.kill()
    standby.forget()


@pytest.fixture
def bank(open_bank: OpenBank, home: Server, server: Server) -> Bank:
    """Reads at home, writes at whichever of the two takes writes: home is asked first."""
    both = f"host={HOST},{HOST} port={home.port},{server.port} user=bank dbname=bank target_session_attrs=read-write"
    return open_bank(at=server, dsn=both, reader=home.dsn(user="bank"))


def sees(bank: Bank, account: int, seq: int) -> bool:
    heard = bank.ask("GET", f"/accounts/{account}/balance")
    return heard.status == 200 and heard.document["seq"] >= seq


def reads(bank: Bank, worker: int) -> bool:
    return bank.ask("GET", "/accounts/1/balance", worker=worker).status == 200


def test_a_payment_is_forwarded_to_the_writer_and_read_back_at_home(bank: Bank, home: Server) -> None:
    """The region is ready although its own database is a standby."""
    bank.writable_again()
    assert bank.ask("GET", "/ready").status == 200
    assert bank.ask("GET", "/serving").status == 200
    heard = bank.transfer(debit=3, credit=4)
    assert heard.promise == "done"
    wait_until("the payment is seen at home", lambda: sees(bank, 3, heard.document["debit_seq"]), limit_s=10)
    assert home.ask(SESSIONS)[0][0] > 0
    bank.check_promises()


def test_when_the_writer_is_gone_reads_go_on_and_payments_are_refused(bank: Bank, server: Server) -> None:
    """The region serves, and cannot take payments: two questions, two answers."""
    bank.writable_again()
    server.kill()
    try:
        wait_until("payments are refused", lambda: bank.transfer().promise == "not_done", limit_s=15, every_s=0.1)
        assert bank.ask("GET", "/accounts/1/balance").status == 200
        assert bank.ask("GET", "/serving").status == 200
        assert bank.ask("GET", "/ready").status == 503
    finally:
        server.start()
    bank.check_promises()


def test_when_home_is_promoted_payments_are_written_at_home(bank: Bank, home: Server, server: Server) -> None:
    """Nobody tells the bank: it asks for a server that takes writes, at home first."""
    bank.writable_again()
    server.kill()
    try:
        home.ask("SELECT pg_promote()", database="postgres")
        bank.writable_again()
        heard = bank.transfer(debit=5, credit=6)
        assert heard.promise == "done"
        assert home.ask("SELECT count(*) FROM entries WHERE account = 5")[0][0] > 0
    finally:
        server.start()


def test_reads_go_abroad_while_home_is_silent_and_return_when_it_answers(bank: Bank, home: Server) -> None:
    """A frozen reader costs a request its own deadline, and the next ones nothing."""
    bank.writable_again()
    home.freeze()
    try:
        for worker in range(len(bank.addresses)):  # each worker has to notice for itself
            wait_until("reads go abroad", lambda worker=worker: reads(bank, worker), limit_s=15, every_s=0.1)
        assert all(reads(bank, turn) for turn in range(8))
    finally:
        home.thaw()
    home.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bank'")
    wait_until("reads are at home again", lambda: sees(bank, 1, 0) and home.ask(SESSIONS)[0][0] > 0, limit_s=15)
