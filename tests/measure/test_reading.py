"""A read of the survivors proves something only under its conditions; without it no write is called lost."""

import pytest

from drdrill.model.judgement import Verdict

from .verdict_of import finding, told

LOSS = ("rpo", "loss", "split-brain", "ghost", "stranger", "doubled", "altered", "resurrected", "books")


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("1+", "the survivors were never read"),
        ("1+ | survivors 1 !early", "survivors were read 2.000 s before the writers had stopped"),
        ("1+ | survivors 1 !deadline", "survivors were read 0.500 s before the last client deadline had passed"),
        ("1+ | survivors 1 !open", "3 transactions were still open on the server when the survivors were read"),
        ("1+ | survivors 1 !differ", "two reads of the survivors in a row did not agree"),
        (
            "1+ | survivors 1 !elsewhere",
            "survivors were read from aurora in ap-south-2, which was not shown to be authoritative then",
        ),
        ("1+ 2+@120 | survivors 1 @110", "a write was still sent 10 s after the survivors' read began"),
        (
            "1+ | survivors !open @104 | healed 105 | survivors 1 @110",
            "3 transactions were still open on the server when the survivors were read",
        ),
        (
            "1+ | survivors 1 @104 | survivors 1 !differ @110",
            "two reads of the survivors in a row did not agree",
        ),
    ],
)
def test_an_invalid_read_makes_every_finding_on_loss_unknown(line: str, because: str) -> None:
    judgement = told(line)
    assert judgement.loss.invalid_because == because
    assert (judgement.loss.classes, judgement.loss.lost, judgement.loss.lost_operations) == ({}, (), None)
    assert judgement.books == ()
    for identity in LOSS:
        assert finding(judgement, identity).verdict is Verdict.UNKNOWN
        assert because in finding(judgement, identity).reason
    assert judgement.exit_status == 2


@pytest.mark.parametrize(
    "line",
    [
        "1+ | survivors 1",
        "1+ | survivors !differ @103 | survivors 1 @110",
        "1+ | survivors !open @104 | survivors 1 @105 | healed 106 | survivors 1 @110",
        "1+ 2+@120#3 | survivors 1 @110",
    ],
)
def test_a_valid_read_is_believed(line: str) -> None:
    assert told(line).loss.valid
    assert told(line).loss.classes["kept"].operations == 1
