"""Integrity of the books among the survivors (docs/measuring.md, section 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Bools
from drdrill.measure.figures import counted, rupees
from drdrill.measure.ledgers import Ledgers
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.tally import rows_among
from drdrill.model.judgement import BookCheck, Verdict

_NAMED = 5


def check_books(attempts: Attempts, found: Reconciliation, ledgers: Ledgers) -> tuple[BookCheck, ...]:
    """Every rule of the books, each with what was seen."""
    accounts = np.sort(found.survivors.accounts, order="account", kind="stable")
    if not len(accounts):
        unread = "no account was read back"
        return (BookCheck(rule="the books were read", verdict=Verdict.UNKNOWN, seen=unread),)
    statement = _Statement(accounts, ledgers)
    return (
        _sum_constant(accounts),
        statement.balances(),
        _two_sides(attempts, found),
        statement.floors(),
        statement.sequences(),
    )


def _check(rule: str, broken: str | None, seen: str) -> BookCheck:
    if broken is None:
        return BookCheck(rule=rule, verdict=Verdict.PASS, seen=seen)
    return BookCheck(rule=rule, verdict=Verdict.FAIL, seen=broken)


def _sum_constant(accounts: npt.NDArray[Any]) -> BookCheck:
    opening, balance = int(accounts["opening_paise"].sum()), int(accounts["balance_paise"].sum())
    broken = None
    if opening != balance:
        verb = "appeared" if balance > opening else "vanished"
        broken = f"{rupees(abs(balance - opening))} {verb}: opened with {rupees(opening)}, now {rupees(balance)}"
    return _check("the sum of all balances is constant", broken, f"{rupees(balance)} before and after")


class _Statement:
    """Opening balances and ledger rows, account by account."""

    def __init__(self, accounts: npt.NDArray[Any], ledgers: Ledgers) -> None:
        self._accounts = accounts
        self._ledgers = ledgers
        place = np.minimum(np.searchsorted(accounts["account"], ledgers.accounts), len(accounts) - 1)
        self._known: Bools = accounts["account"][place] == ledgers.accounts
        self._place = place[self._known]
        self._unknown = ledgers.accounts[~self._known]
        self._total, self._lowest = ledgers.totals[self._known], ledgers.lowest[self._known]

    def balances(self) -> BookCheck:
        expected = self._accounts["opening_paise"].copy()
        expected[self._place] += self._total
        wrong = np.flatnonzero(expected != self._accounts["balance_paise"])
        broken = None
        if len(self._unknown):
            broken = (
                f"rows stand on {counted(len(self._unknown), 'account')} that nobody opened: {_some(self._unknown)}"
            )
        elif len(wrong):
            one = self._accounts[wrong[0]]
            broken = (
                f"{counted(len(wrong), 'account')} disagree with their rows; account {int(one['account'])} holds "
                f"{rupees(int(one['balance_paise']))}, its rows say {rupees(int(expected[wrong[0]]))}"
            )
        rows = counted(int(self._ledgers.lengths.sum()), "ledger row")
        seen = f"{counted(len(self._accounts), 'account')}, {rows}"
        return _check("every balance is its opening balance plus its ledger rows", broken, seen)

    def floors(self) -> BookCheck:
        lowest = np.minimum(self._accounts["balance_paise"], self._accounts["opening_paise"])
        lowest[self._place] = np.minimum(
            lowest[self._place], self._accounts["opening_paise"][self._place] + self._lowest
        )
        under = self._accounts["account"][lowest < self._accounts["floor_paise"]]
        broken = f"{counted(len(under), 'account')} fell below the limit: {_some(under)}" if len(under) else None
        return _check("no balance falls below its limit", broken, f"{counted(len(lowest), 'account')} at every row")

    def sequences(self) -> BookCheck:
        gaps = self._ledgers.accounts[self._ledgers.has_gap]
        newest = np.zeros(len(self._accounts), dtype=np.int64)
        newest[self._place] = self._ledgers.lengths[self._known]
        wrong = np.union1d(gaps, self._accounts["account"][newest != self._accounts["seq"]])
        broken = f"{counted(len(wrong), 'account')} have gaps or repetitions: {_some(wrong)}" if len(wrong) else None
        return _check("the ledger of every account is numbered 1, 2, 3, …", broken, "no gap, no repetition")


def _two_sides(attempts: Attempts, found: Reconciliation) -> BookCheck:
    one_sided = attempts.ids_at(np.flatnonzero(found.tally.debits != found.tally.credits))
    altered = attempts.ids_at(np.flatnonzero(found.tally.altered))
    doubtful = np.union1d(np.array(altered, dtype=np.int64), found.tally.outside.op_ids)
    rows = rows_among(found.survivors.entries, doubtful)
    op_ids, place = np.unique(rows.op_ids, return_inverse=True)
    net, sides = np.zeros(len(op_ids), dtype=np.int64), np.zeros(len(op_ids), dtype=np.int64)
    np.add.at(net, place, rows.amounts)
    np.add.at(sides, place, np.sign(rows.amounts))
    wrong = np.union1d(np.array(one_sided, dtype=np.int64), op_ids[(net != 0) | (sides != 0)])
    broken = f"{counted(len(wrong), 'transfer')} lack a side or do not balance: {_some(wrong)}" if len(wrong) else None
    seen = counted(int(np.count_nonzero(found.tally.found)), "transfer")
    return _check("every transfer has its debit and its credit", broken, seen)


def _some(numbers: npt.NDArray[Any]) -> str:
    shown = ", ".join(str(int(number)) for number in numbers[:_NAMED])
    return f"{shown}, …" if len(numbers) > _NAMED else shown
