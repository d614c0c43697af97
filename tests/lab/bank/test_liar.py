"""Every bug that can be planted really happens, and only that one."""

from __future__ import annotations

from itertools import islice

import pytest

from drdrill.lab.bank.defect import Defect
from drdrill.lab.bank.liar import FLAPPING_WINDOW_S, STRANGERS, flaps, schedule
from drdrill.model.operation import recorder_of
from drdrill.waiting import wait_until


def test_a_regular_defect_strikes_every_so_often():
    assert list(islice(schedule(Defect("ghost", every=3), 0), 7)) == [False, False, True, False, False, True, False]


def test_a_late_defect_strikes_as_often_but_later():
    assert list(islice(schedule(Defect("ghost", every=3), 0, late=1), 7)) == [
        False,
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_a_random_defect_strikes_the_same_requests_each_time():
    def draw():
        return list(islice(schedule(Defect("ghost", every=None, share=0.3), 7), 200))

    assert draw() == draw()
    assert 30 < sum(draw()) < 90


def test_flapping_alternates():
    assert [flaps(n * FLAPPING_WINDOW_S + 0.1) for n in range(4)] == [False, True, False, True]


@pytest.mark.lab
class TestPlanted:
    """Ten transfers of ₹1 from account 1 to account 2; every fifth is hit, so operations 5 and 10."""

    @staticmethod
    def ten(open_bank, defect):
        bank = open_bank(defect=defect, workers=1)
        for _ in range(10):
            bank.transfer(1, 2, 100)
        return bank

    def test_ack_before_commit_breaks_its_promise(self, open_bank):
        bank = self.ten(open_bank, "ack-before-commit/5")
        assert bank.promised("done") == set(range(1, 11))
        assert bank.promised("done") - bank.found() == {5, 10}
        bank.check_books()

    def test_a_ghost_is_booked_and_denied(self, open_bank):
        bank = self.ten(open_bank, "ghost/5")
        assert bank.promised("not_done") & bank.found() == {5, 10}
        bank.check_books()

    def test_doubled_has_four_entries(self, open_bank):
        bank = self.ten(open_bank, "doubled/5")
        counted = bank.server.ask("SELECT op_id FROM entries GROUP BY op_id HAVING count(*) = 4 ORDER BY op_id")
        assert counted == [(5,), (10,)]
        assert bank.ask("GET", "/accounts/1/balance").document["balance_paise"] == 10_000_000 - 1200

    def test_altered_books_one_paisa_more(self, open_bank):
        bank = self.ten(open_bank, "altered/5")
        found = dict(bank.server.ask("SELECT op_id, amount_paise FROM entries WHERE account = 2"))
        assert {op for op, amount in found.items() if amount == 101} == {5, 10}
        assert {op for op, amount in found.items() if amount == 100} == set(range(1, 11)) - {5, 10}

    def test_a_stranger_was_asked_for_by_nobody(self, open_bank):
        bank = self.ten(open_bank, "stranger/5")
        strangers = bank.found() - set(bank.asked)
        assert len(strangers) == 2
        assert {recorder_of(op) for op in strangers} == {STRANGERS}
        assert bank.promised("done") == set(range(1, 11))
        bank.check_books()

    def test_unbalanced_books_credit_alone(self, open_bank):
        bank = self.ten(open_bank, "unbalanced/5")
        alone = bank.server.ask(
            "SELECT op_id, min(amount_paise) FROM entries GROUP BY op_id HAVING count(*) = 1 ORDER BY 1"
        )
        assert alone == [(5, 100), (10, 100)]
        assert bank.server.ask("SELECT sum(balance_paise - opening_paise)::bigint FROM accounts") == [(200,)]

    def test_stale_reads_show_what_was_first_remembered(self, open_bank):
        bank = open_bank(defect="stale/3", workers=1)
        seen = []
        for _ in range(6):
            seen.append(bank.ask("GET", "/accounts/1/balance").document["seq"])
            bank.transfer(1, 2, 100)
        assert seen == [0, 1, 0, 3, 4, 0]
        bank.check_books()

    def test_flapping_comes_and_goes_without_a_promise(self, open_bank):
        bank = open_bank(defect="flapping", workers=1)
        for status in (500, 200, 500):
            wait_until(f"it answers {status}", lambda s=status: bank.transfer().status == s, limit_s=5, every_s=0.02)
        assert bank.ask("GET", "/health").status == 200
        bank.check_promises()
        bank.check_books()

    def test_several_defects_do_not_hide_each_other(self, open_bank):
        bank = self.ten(open_bank, "ghost/5,altered/5")
        assert bank.promised("not_done") == {5, 10}
        assert bank.server.ask("SELECT op_id FROM entries WHERE amount_paise = 101") == [(6,)]
