"""What customers do: which journey, on which accounts, for how many rupees; drawn from a seed, so a run can be repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from drdrill.model.operation import Kind

JOURNEYS = ("balance", "transfer", "statement")
"""Every journey that traffic can perform; its place here is its code in every record, whoever writes it."""

BALANCE, TRANSFER, STATEMENT = range(3)

_KINDS = (Kind.READ, Kind.WRITE, Kind.READ)
_PAISE = 100
_RUPEES_MIN, _RUPEES_MAX = 1, 500
_BLOCK = 4096


class Errand(NamedTuple):
    """One thing a customer wants. A read has the account in ``debit``, -1 in ``credit``, and moves nothing."""

    journey: int
    kind: int
    amount_paise: int
    debit: int
    credit: int


@dataclass(frozen=True)
class Mix:
    """Journeys with their weights, drawn at random from ``seed``, on accounts 0 to ``accounts`` - 1."""

    weights: Mapping[str, float]
    accounts: int
    seed: int = 0
    worker: int = 0
    workers: int = 1

    def share(self, worker: int, workers: int) -> Self:
        """The errands of the arrivals that ``Schedule.share`` gives to the same worker: together the workers do what one would."""
        return replace(self, worker=worker, workers=workers)

    def problems(self) -> tuple[str, ...]:
        """Every reason for which nobody could act on this; empty when it can be performed."""
        unknown = [name for name in self.weights if name not in JOURNEYS]
        rules = (
            (not unknown, f"there is no journey {', '.join(unknown)}; known are {', '.join(JOURNEYS)}"),
            (all(weight >= 0 for weight in self.weights.values()), "a journey's weight is less than nothing"),
            (sum(self.weights.values()) > 0, "no journey has a weight, so nothing would be sent"),
            (self.accounts >= 2, f"a transfer needs two accounts, and there are {self.accounts}"),
        )
        return tuple(sentence for holds, sentence in rules if not holds)

    def errands(self, journeys: npt.NDArray[np.int8] | None = None) -> Iterator[Errand]:
        """Errands without end; ``journeys`` are those of the whole schedule's first arrivals, -1 where any will do."""
        rng = np.random.default_rng([self.seed, 1])
        weights = np.array([self.weights.get(name, 0.0) for name in JOURNEYS])
        shares = weights / weights.sum()
        first = 0
        while True:
            drawn = rng.choice(len(JOURNEYS), size=_BLOCK, p=shares)
            if journeys is not None and first < len(journeys):
                told = journeys[first : first + _BLOCK]
                drawn[: len(told)] = np.where(told < 0, drawn[: len(told)], told)
            yield from _errands(
                drawn, self.accounts, rng, slice((self.worker - first) % self.workers, None, self.workers)
            )
            first += _BLOCK


def round_robin(names: Sequence[str], accounts: int, seed: int = 0) -> Iterator[Errand]:
    """Errands of the named journeys in turn, without end, on random accounts: what a prober sends."""
    codes = [JOURNEYS.index(name) for name in names]
    rng = np.random.default_rng([seed, 2])
    while True:
        yield from _errands(np.tile(codes, _BLOCK // len(codes)), accounts, rng, slice(None))


def _errands(journeys: npt.NDArray[np.int64], accounts: int, rng: np.random.Generator, mine: slice) -> Iterator[Errand]:
    debits = rng.integers(0, accounts, len(journeys))
    credits = (debits + rng.integers(1, accounts, len(journeys))) % accounts
    amounts = rng.integers(_RUPEES_MIN, _RUPEES_MAX + 1, len(journeys)) * _PAISE
    for journey, debit, credit, amount in zip(
        *(column[mine].tolist() for column in (journeys, debits, credits, amounts)), strict=True
    ):
        if journey == TRANSFER:
            yield Errand(journey, Kind.WRITE, amount, debit, credit)
        else:
            yield Errand(journey, _KINDS[journey], 0, debit, -1)
