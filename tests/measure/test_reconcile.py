"""Every presence class and every flag: one history on one line, and the nearest history that is innocent."""

import dataclasses

import numpy as np
import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.judgement import Verdict
from drdrill.model.operation import op_id

from .verdict_of import classes, finding, flags, told

CLASSES = [
    ("kept", "1+ | survivors 1", "1+ | survivors"),
    ("lost", "1+ | survivors", "1+ | survivors 1"),
    ("recovered", "1? | survivors 1", "1? | survivors"),
    ("vanished", "1? | survivors", "1? | survivors 1"),
    ("declined", "1- 2x | survivors", "1+ 2? | survivors 1 2"),
    ("ghost", "1- | survivors 1", "1- | survivors"),
    ("ghost", "1x | survivors 1", "1? | survivors 1"),
    ("stranger", "1+ | survivors 1 2", "1+ 2? | survivors 1 2"),
    ("stranger", "1+ | survivors 1 7:1", "1+ 7:1+ | survivors 1 7:1"),
    ("stranger", "1+#3 | survivors 1", "1+ | survivors 1"),
    ("unrecorded", "1+ | recorder 1 died | survivors 1 2", "1+ | survivors 1 2"),
    ("unrecorded", "1+ | recorder 3 died | survivors 1 3:0", "1+ | survivors 1 3:0"),
    ("in doubt", "1! | recorder 1 died | survivors", "1! | survivors"),
    ("in doubt", "1! | recorder 1 died | survivors", "1? | recorder 1 died | survivors"),
    ("in doubt", "1! | recorder 1 died | survivors", "1! | recorder 1 died | survivors 1"),
]


@pytest.mark.parametrize(("word", "guilty", "innocent"), CLASSES)
def test_every_class_is_named_and_its_twin_is_not(word: str, guilty: str, innocent: str) -> None:
    assert word in classes(story(guilty))
    assert word not in classes(story(innocent))


FLAGS = [
    ("split-brain", "1+@100.10 | survivors", "1+@100.10 | survivors 1"),
    ("split-brain", "1+@100.10 | survivors", "1+@100.04 | survivors"),
    ("split-brain", "1+@100.10 | survivors", "1+@100.05 | survivors"),
    ("split-brain", "1+@100.10 | survivors", "1?@100.10 | survivors"),
    ("doubled", "1+ | survivors 1*2", "1+ | survivors 1"),
    ("doubled", "1? | survivors 1*2", "1? | survivors 1"),
    ("doubled", "1+ | survivors 1*256", "1+ | survivors 1"),
    ("doubled", "1+ | survivors 1*257", "1+ | survivors 1"),
    ("altered", "1+=500 | survivors 1=400", "1+=500 | survivors 1=500"),
    ("altered", "1+#3>4 | survivors 1#3>5", "1+#3>4 | survivors 1"),
    ("altered", "1+#3>4 | survivors 1#5>4", "1+#3>4 | survivors 1"),
    ("resurrected", "1+@1 | survivors @110 | survivors 1 @120", "1+@1 | survivors 1 @110 | survivors 1 @120"),
    ("resurrected", "1?@1 | survivors @110 | survivors 1 @120", "1?@1 | survivors @110 | survivors @120"),
    ("resurrected", "1+@1 | survivors @110 | survivors 1 @120", "1+@115 | survivors @110 | survivors 1 @120"),
    ("stale", "1+@101#3>4 2+@102#3=0 | survivors 1", "1+@101#3>4 2+@102#3=1 | survivors 1"),
]


@pytest.mark.parametrize(("word", "guilty", "innocent"), FLAGS)
def test_every_flag_is_raised_and_not_on_its_twin(word: str, guilty: str, innocent: str) -> None:
    assert word in flags(story(guilty))
    assert word not in flags(story(innocent))


@pytest.mark.parametrize(
    ("identity", "line"),
    [
        ("ghost", "1- 2+ | survivors 1 2"),
        ("stranger", "2+ | survivors 2 3"),
        ("doubled", "1+ | survivors 1*2"),
        ("altered", "1+ | survivors 1=400"),
        ("resurrected", "1+ | survivors @110 | survivors 1 @120"),
        ("split-brain", "1+@100.1 | survivors"),
    ],
)
def test_what_is_never_allowed_fails_and_names_a_witness(identity: str, line: str) -> None:
    judgement = told(line)
    one = finding(judgement, identity)
    assert one.verdict is Verdict.FAIL
    assert one.witnesses == (op_id(1, 3 if identity == "stranger" else 1),)
    assert judgement.exit_status == 1


def test_the_example_of_the_style_guide() -> None:
    assert classes(story("1+ 2+ 3? 4-", survivors="1 3")) == {"kept": 1, "lost": 1, "recovered": 1, "declined": 1}


def test_what_came_back_counts_as_lost() -> None:
    assert classes(story("1+@1 | survivors @110 | survivors 1 @120")) == {"lost": 1}


def test_what_was_lost_later_is_lost() -> None:
    assert classes(story("1+@1 | survivors 1 @110 | survivors @120")) == {"lost": 1}


def test_a_ghost_of_an_earlier_read_stays_a_ghost() -> None:
    assert classes(story("1- | survivors 1 @110 | survivors @120")) == {"ghost": 1}


def test_a_write_after_the_first_read_is_not_missed_there() -> None:
    assert classes(story("1+@1 2+@115 | survivors 1 @110 | survivors 1 2 @120")) == {"kept": 2}


def test_a_stranger_of_two_reads_is_one_stranger() -> None:
    history = story("1+ | survivors 1 2 @110 | survivors 1 2=700 3 @120")
    assert classes(history) == {"kept": 1, "stranger": 2}
    assert judge(history).loss.classes["stranger"].paise == 800


def test_loss_is_an_interval_up_to_what_is_in_doubt() -> None:
    loss = told("1+ 2+=500 3! 4! | recorder 1 died | survivors 1").loss
    assert (loss.lost_operations.low, loss.lost_operations.high) == (1, 3)
    assert (loss.lost_paise.low, loss.lost_paise.high) == (500, 700)
    assert loss.customers == 2


def test_a_completion_cut_off_halfway_is_no_promise() -> None:
    history = story("1! | recorder 1 died | survivors")
    history.operations["outcome"][0] = 1
    assert classes(history) == {"in doubt": 1}


def test_a_slot_that_was_never_used_is_not_an_attempt() -> None:
    history = story("1+ 2+ | survivors 1")
    history.operations["state"][1] = 0
    assert classes(history) == {"kept": 1}
    assert judge(history).operations == 1


def test_recorders_may_come_in_any_order() -> None:
    history = story("1+ 2- 3? 2:1+ 2:2+ 2:3- | survivors 2 2:2 2:3")
    mixed = dataclasses.replace(history, operations=history.operations[np.array([3, 1, 5, 0, 4, 2])])
    assert classes(mixed) == classes(history) == {"lost": 2, "ghost": 2, "vanished": 1, "kept": 1}
