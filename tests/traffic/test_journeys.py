"""Errands: weights, accounts and amounts, drawn from a seed."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from drdrill.model.operation import Kind
from drdrill.traffic.journeys import JOURNEYS, TRANSFER, Errand, Mix, round_robin


def some(mix: Mix, count: int = 20_000) -> list[Errand]:
    return list(islice(mix.errands(), count))


def test_weights_are_kept() -> None:
    errands = some(Mix({"balance": 45, "transfer": 45, "statement": 10}, accounts=1000))
    shares = np.bincount([errand.journey for errand in errands]) / len(errands)
    assert shares == pytest.approx([0.45, 0.45, 0.10], abs=0.02)


def test_a_transfer_goes_between_two_accounts_and_moves_1_to_500_rupees() -> None:
    transfers = some(Mix({"transfer": 1}, accounts=10))
    assert all(errand.journey == TRANSFER and errand.kind == Kind.WRITE for errand in transfers)
    assert all(errand.debit != errand.credit for errand in transfers)
    assert {errand.debit for errand in transfers} == {errand.credit for errand in transfers} == set(range(10))
    amounts = {errand.amount_paise for errand in transfers}
    assert (min(amounts), max(amounts)) == (100, 50_000)
    assert all(amount % 100 == 0 for amount in amounts)


def test_a_read_looks_at_one_account_and_moves_nothing() -> None:
    for errand in some(Mix({"balance": 1, "statement": 1}, accounts=10), 100):
        assert (errand.kind, errand.amount_paise, errand.credit) == (Kind.READ, 0, -1)


def test_the_seed_decides() -> None:
    weights = {"balance": 1.0, "transfer": 1.0}
    assert some(Mix(weights, 50, 1)) == some(Mix(weights, 50, 1)) != some(Mix(weights, 50, 2))


def test_a_prober_takes_its_journeys_in_turn() -> None:
    errands = list(islice(round_robin(["transfer", "balance"], 10), 10_000))
    assert [JOURNEYS[errand.journey] for errand in errands] == ["transfer", "balance"] * 5000


def test_every_problem_is_told_at_once() -> None:
    assert Mix({"loan": -1}, accounts=1).problems() == (
        "there is no journey loan; known are balance, transfer, statement",
        "a journey's weight is less than nothing",
        "no journey has a weight, so nothing would be sent",
        "a transfer needs two accounts, and there are 1",
    )
    assert Mix({"balance": 1}, accounts=2).problems() == ()
