"""The bank promises only what is certain, whatever happens to its database."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from drdrill.lab import process_tree
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

HANG_S_MAX = 1.6
"""The bank's own deadline is 1.2 s; the rest is a busy machine."""


def test_concurrent_transfers_create_and_destroy_nothing(open_bank):
    bank = open_bank(workers=3)
    with_few_accounts = [threading.Thread(target=_cross, args=(bank, seed)) for seed in range(24)]
    for thread in with_few_accounts:
        thread.start()
    for thread in with_few_accounts:
        thread.join()

    not_done = [heard.document for heard in bank.heard.values() if heard.promise != "done"]
    assert not_done == [], "funds suffice, and nobody waits for another in a circle"
    assert len(bank.found()) == 24 * 15
    bank.check_promises()
    bank.check_books()


def _cross(bank, seed):
    """Transfers between four accounts in every direction: what deadlocks if rows are locked in the order of the request."""
    for turn in range(15):
        debit = (seed + turn) % 4
        bank.transfer(debit, (debit + 1 + seed % 3) % 4, 100 + turn)


def test_a_transfer_asked_again_is_done_again_with_the_same_sequences(open_bank):
    bank = open_bank()
    bank.transfer(1, 2)
    first = bank.transfer(1, 2, 500, op=77)
    bank.transfer(1, 2)

    again = bank.transfer(1, 2, 500, op=77)

    assert again.document == first.document == {"promise": "done", "debit_seq": 2, "credit_seq": 2}
    assert bank.server.ask("SELECT account, amount_paise FROM entries WHERE op_id = 77 ORDER BY account") == [
        (1, -500),
        (2, 500),
    ]


def test_the_same_transfer_at_the_same_time_is_done_once(open_bank):
    bank = open_bank()
    heard = []
    threads = [
        threading.Thread(target=lambda n=n: heard.append(bank.transfer(3, 4, 100, op=5, worker=n))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one.document for one in heard] == [{"promise": "done", "debit_seq": 1, "credit_seq": 1}] * 8
    bank.check_books()


@pytest.mark.parametrize("other", [(1, 2, 501), (1, 3, 500), (2, 1, 500)])
def test_the_same_op_with_other_details_is_refused(open_bank, other):
    bank = open_bank()
    bank.transfer(1, 2, 500, op=5)

    heard = bank.transfer(*other, op=5)

    assert (heard.status, heard.promise) == (409, "not_done")
    bank.check_books()


def test_what_the_account_cannot_pay_is_refused_and_leaves_no_trace(open_bank):
    bank = open_bank()

    heard = bank.transfer(1, 2, 10_000_001)

    assert (heard.status, heard.promise, heard.document["reason"]) == (422, "not_done", "insufficient funds")
    assert bank.transfer(1, 2, 10_000_000).promise == "done", "down to the floor is allowed"
    bank.check_promises()
    bank.check_books()


@pytest.mark.parametrize("accounts", [(1, 999), (999, 1)])
def test_an_unknown_account_is_refused(open_bank, accounts):
    heard = open_bank().transfer(*accounts)

    assert (heard.status, heard.document["reason"]) == (422, "no such account")


def test_killing_the_database_in_traffic_breaks_no_promise_and_needs_no_new_worker(open_bank, busy):
    bank = open_bank(workers=3)
    workers = {worker.pid for worker in bank.workers()}
    with busy(bank):
        wait_until("100 transfers are done", lambda: len(bank.promised("done")) > 100, limit_s=20)
        bank.server.kill()
        refused = bank.transfer()
        bank.server.start()
        began = time.monotonic()
        bank.writable_again()
        blind_s = time.monotonic() - began
        done = len(bank.promised("done"))
        wait_until("100 more are done", lambda: len(bank.promised("done")) > done + 100, limit_s=20)

    assert (refused.status, refused.promise) == (503, "not_done"), "the database was never asked"
    assert blind_s < 0.5, f"{blind_s * 1000:.0f} ms after the database was back; 50 ms on a quiet machine"
    assert {worker.pid for worker in bank.workers()} == workers
    assert max(heard.took_s for heard in bank.heard.values()) < HANG_S_MAX
    bank.check_promises()
    bank.check_books()


def test_a_frozen_database_never_yields_a_false_promise_and_nobody_waits_long(open_bank, busy):
    bank = open_bank(workers=3)
    with busy(bank):
        wait_until("100 transfers are done", lambda: len(bank.promised("done")) > 100, limit_s=20)
        bank.server.freeze()
        read = bank.ask("GET", "/accounts/1/balance")
        ready = bank.ask("GET", "/ready")
        wait_until(
            "requests in the frozen database are told nothing", lambda: len(bank.promised(None)) >= 5, limit_s=20
        )
        wait_until("those who find no session are refused", lambda: len(bank.promised("not_done")) > 50, limit_s=20)
        bank.server.thaw()
        bank.writable_again()
    wait_until("no transaction is open", lambda: not _open_transactions(bank.server), limit_s=5)

    assert (read.status, read.promise) == (500, None)
    assert ready.status == 503
    assert max(heard.took_s for heard in bank.heard.values()) < HANG_S_MAX
    bank.check_promises()
    bank.check_books()


def _open_transactions(server):
    return server.ask(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'bank' AND (state <> 'idle' OR backend_xid IS NOT NULL)"
    )


def test_a_commit_whose_wait_for_a_standby_was_cancelled_is_no_promise(open_bank):
    bank = open_bank()
    heard = []
    with _absent_synchronous_standby(bank.server):
        asking = threading.Thread(target=lambda: heard.append(bank.transfer(1, 2, 700, op=9)))
        asking.start()
        wait_until("the commit waits", lambda: _cancel_the_wait(bank.server), limit_s=1, every_s=0.01)
        asking.join()

    assert (heard[0].status, heard[0].promise) == (500, None)
    assert 9 in bank.found(), "PostgreSQL itself called it a success"
    bank.check_books()


def test_a_commit_that_waits_too_long_is_no_promise(open_bank):
    bank = open_bank()
    with _absent_synchronous_standby(bank.server):
        heard = bank.transfer(1, 2, 700, op=9)

    assert (heard.status, heard.promise) == (500, None)
    assert heard.took_s < HANG_S_MAX


class _absent_synchronous_standby:  # noqa: N801 (reads as a condition)
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self._set("absent")

    def __exit__(self, *_):
        self._set("")

    def _set(self, names):
        self.server.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.server.ask("SELECT pg_reload_conf()")
        wait_until(
            "the setting is in force",
            lambda: self.server.ask("SHOW synchronous_standby_names") == [(names,)],
            limit_s=5,
        )


def _cancel_the_wait(server):
    return server.ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def test_a_standby_reads_refuses_transfers_and_pays_at_once_when_promoted(open_bank, server, servers):
    primary = open_bank()
    primary.transfer(1, 2, 500, op=5)
    standby = servers(5433)
    standby.copy(server)
    standby.start()
    try:
        bank = open_bank(at=standby, first_port=9100)
        heard = bank.transfer(1, 2)
        balance = bank.ask("GET", "/accounts/1/balance")
        ready = bank.ask("GET", "/ready")
        assert (heard.status, heard.document) == (503, {"promise": "not_done", "reason": "read-only here"})
        assert balance.document == {"account": 1, "balance_paise": 9_999_500, "seq": 1}
        assert (ready.status, ready.document["reason"]) == (503, "read-only here")

        standby.ask("SELECT pg_promote(false)", database="postgres")
        wait_until(
            "it is promoted",
            lambda: standby.ask("SHOW transaction_read_only", database="postgres") == [("off",)],
            limit_s=10,
            every_s=0.002,
        )
        began = time.monotonic()
        bank.writable_again()
        blind_s = time.monotonic() - began

        assert blind_s < 0.5, f"{blind_s * 1000:.0f} ms after the promotion; 50 ms on a quiet machine"
        assert bank.ask("GET", "/ready").status == 200
        bank.check_promises()
    finally:
        standby.kill()


def test_a_worker_frozen_inside_a_transfer_does_not_keep_the_accounts_locked(open_bank, busy):
    bank = open_bank()
    victim = bank.workers()[0]
    with busy(bank):
        wait_until("traffic flows", lambda: len(bank.promised("done")) > 50, limit_s=20)
        process_tree.freeze([victim])
        wait_until("the other worker still pays", lambda: bank.transfer(1, 2, worker=1).promise == "done", limit_s=10)
        process_tree.thaw([victim])

    assert victim.status() != psutil.STATUS_STOPPED
    bank.check_promises()
    bank.check_books()


def test_a_balance_and_a_statement_agree(open_bank):
    bank = open_bank()
    for _ in range(12):
        bank.transfer(7, 8, 100)

    balance = bank.ask("GET", "/accounts/7/balance").document
    statement = bank.ask("GET", "/accounts/7/statement").document

    assert balance == {"account": 7, "balance_paise": 10_000_000 - 1200, "seq": 12}
    assert (statement["account"], statement["seq"]) == (7, 12)
    assert [entry["seq"] for entry in statement["entries"]] == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert {entry["amount_paise"] for entry in statement["entries"]} == {-100}
    assert set(statement["entries"][0]) == {"op_id", "amount_paise", "seq", "at"}
