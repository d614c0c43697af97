"""The language of histories: what it says when nothing is said, and that its own manual is true."""

import pytest

from drdrill.measure import story as language
from drdrill.measure.story import story
from drdrill.model.operation import Outcome, State, op_id

MANUAL = str(language.__doc__)


def test_what_is_not_said_is_the_same_for_every_story() -> None:
    history = story("3+", survivors="3")
    operation = history.operations[0]
    assert (int(operation["op_id"]), history.journeys) == (op_id(1, 3), ("transfer",))
    assert (int(operation["due_ns"]), int(operation["done_ns"])) == (300_000_000, 310_000_000)
    assert (int(operation["debit"]), int(operation["credit"]), int(operation["amount_paise"])) == (3, 4, 100)
    assert history.survivors[0].entries["amount_paise"].tolist() == [-100, 100]
    assert history.survivors[0].circumstances.invalid_because() is None


@pytest.mark.parametrize(
    ("symbol", "outcome", "state"),
    [
        ("+", Outcome.ACKED, State.COMPLETED),
        ("?", Outcome.UNKNOWN, State.COMPLETED),
        ("-", Outcome.REFUSED, State.COMPLETED),
        ("x", Outcome.UNSENT, State.COMPLETED),
        ("!", Outcome.UNKNOWN, State.INVOKED),
    ],
)
def test_every_symbol_is_an_outcome(symbol: str, outcome: Outcome, state: State) -> None:
    operation = story(f"1{symbol}").operations[0]
    assert (operation["outcome"], operation["state"]) == (outcome, state)
    assert (operation["sent_ns"] == 0) == (symbol == "x")
    assert (operation["done_ns"] == 0) == (symbol == "!")


@pytest.mark.parametrize("word", ["2:7+", "2+@98.55", "2+@98.5..98.55", "2+#3>4=500", "5+@101#3=7"])
def test_the_operations_of_the_manual_can_be_told(word: str) -> None:
    assert word in MANUAL
    assert len(story(word).operations) == 1


@pytest.mark.parametrize(
    "section",
    [
        "transfer every 0.05: 90..100+ 100..131? 131..150+/25?~0.3",
        "fault 100..100.05",
        "fault lag 90..90.1",
        "no fault",
        "healed 150 · healed lag 95 · refused 150 · unhealed",
        "detected 103 · declared 104 · writable 105 · routed 106 · failback 130 · asked 135 · yielded 135.1 · stopped 140 · aborted 120",
        "lag 0.4@99",
        "survivors 1 3*2 4=500 5#7>8 6d 9 @160",
        "survivors all but 2 @98.5..100",
        "survivors all !early",
        "recorder 2 died offset -0.5 bound 0.01",
        "journal lose fail! · journal none · activities lose fail!",
        "objective rto=30 rpo=1 loss=0 split=0 relapses=0 below=5 share=0.01",
        "level window=1 share=0.99 latency=1 hold=10",
    ],
)
def test_the_sections_of_the_manual_can_be_told(section: str) -> None:
    assert section in MANUAL
    assert story(f"1+ | {section.replace(' · ', ' | ')}")


def test_a_long_stretch_is_due_by_the_clock() -> None:
    history = story("transfer every 0.5: 90..92+ 92..93?/2+~0.3")
    assert (history.operations["due_ns"] / 1e9).tolist() == [90, 90.5, 91, 91.5, 92, 92.5]
    assert history.operations["outcome"].tolist() == [1, 1, 1, 1, 0, 1]
    assert history.operations["done_ns"][-1] == 92_800_000_000


def test_survivors_may_be_all_but_some() -> None:
    history = story("1+@98 2+@99 3+@99.5 4? | survivors all but 1 @99.4..99.6")
    assert sorted(set(history.survivors[0].entries["op_id"].tolist())) == [op_id(1, 2)]
