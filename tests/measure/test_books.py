"""Every rule of the books, broken one at a time."""

from collections.abc import Callable

import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.judgement import Verdict

from .verdict_of import finding

RULES = {
    "sum": "the sum of all balances is constant",
    "balance": "every balance is its opening balance plus its ledger rows",
    "sides": "every transfer has its debit and its credit",
    "floor": "no balance falls below its limit",
    "sequence": "the ledger of every account is numbered 1, 2, 3, …",
}
LINE = "1+#3>4 2+#4>5=700 3?#3>5 | survivors 1 2"


def broken(history: History) -> set[str]:
    checks = {check.rule: check.verdict for check in judge(history).books}
    assert set(checks) == set(RULES.values())
    return {name for name, rule in RULES.items() if checks[rule] is Verdict.FAIL}


def balance(history: History) -> None:
    history.survivors[-1].accounts["balance_paise"][3] += 1


def moved(history: History) -> None:
    history.survivors[-1].accounts["balance_paise"][3] += 1
    history.survivors[-1].accounts["balance_paise"][4] -= 1


def floor(history: History) -> None:
    history.survivors[-1].accounts["floor_paise"][3] = 10_000_000


def floor_in_between(history: History) -> None:
    # Account 4 gains 100, then pays 700: it ends at -600, and its limit is just above that.
    history.survivors[-1].accounts["floor_paise"][4] = 10_000_000 - 599


def sequence(history: History) -> None:
    history.survivors[-1].entries["seq"][-1] += 1


def newest(history: History) -> None:
    history.survivors[-1].accounts["seq"][7] = 1


def nobody(history: History) -> None:
    history.survivors[-1].entries["account"][0] = 77


@pytest.mark.parametrize(
    ("sabotage", "expected"),
    [
        (balance, {"sum", "balance"}),
        (moved, {"balance"}),
        (floor, {"floor"}),
        (floor_in_between, {"floor"}),
        (sequence, {"sequence"}),
        (newest, {"sequence"}),
        (nobody, {"balance", "sequence"}),
    ],
)
def test_each_rule_convicts_its_sabotage(sabotage: Callable[[History], None], expected: set[str]) -> None:
    history = story(LINE)
    assert broken(history) == set()
    sabotage(history)
    assert broken(history) == expected
    assert finding(judge(history), "books").verdict is Verdict.FAIL


def test_a_floor_that_was_only_crossed_on_the_way_is_crossed() -> None:
    history = story("1+#4>5=700 2+#3>4=700 | survivors 1 2")
    history.survivors[-1].accounts["floor_paise"][4] = 10_000_000 - 699
    assert broken(history) == {"floor"}


@pytest.mark.parametrize("survivors", ["1d 2", "1c 2", "1 2 9d", "1 2=900d"])
def test_half_a_transfer_breaks_the_books(survivors: str) -> None:
    assert "sides" in broken(story(LINE.replace("survivors 1 2", f"survivors {survivors}")))


def test_a_whole_transfer_twice_or_altered_on_both_sides_does_not() -> None:
    assert broken(story(LINE.replace("survivors 1 2", "survivors 1*2 2=900 9"))) == set()


def test_altered_on_one_side_alone_does() -> None:
    history = story(LINE)
    history.survivors[-1].entries["amount_paise"][1] += 5
    history.survivors[-1].accounts["balance_paise"][4] += 5
    assert broken(history) == {"sum", "sides"}


def test_rows_out_of_order_are_put_in_order() -> None:
    history = story("1+#3>4 2+#3>4 3+#3>4 | survivors 1 2 3")
    history.survivors[-1].entries[:] = history.survivors[-1].entries[::-1].copy()
    assert broken(history) == set()


def test_books_without_accounts_are_unknown() -> None:
    history = story(LINE)
    survivors = history.survivors[-1]
    object.__setattr__(survivors, "accounts", survivors.accounts[:0])
    assert finding(judge(history), "books").verdict is Verdict.UNKNOWN
