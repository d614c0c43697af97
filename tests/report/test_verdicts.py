from __future__ import annotations

import pytest

from drdrill.model.judgement import Verdict
from drdrill.report.verdicts import also_held, asked, by_gravity, gravest, headline_style, headline_word, tally

from . import sample


@pytest.mark.parametrize(
    ("name", "word", "style"),
    [
        ("passed", "pass", "pass"),
        ("failed", "fail", "fail"),
        ("unknown", "unknown", "unknown"),
        ("never-restored", "fail", "fail"),
        ("aborted", "aborted", "unknown"),
    ],
)
def test_the_headline_says_what_the_judgement_says(name: str, word: str, style: str) -> None:
    judgement = sample.SAMPLES[name]()
    assert (headline_word(judgement), headline_style(judgement)) == (word, style)


def test_a_pass_that_a_finding_contradicts_is_not_printed_as_a_pass() -> None:
    assert gravest(sample.unknown().model_copy(update={"verdict": Verdict.PASS})) is Verdict.UNKNOWN
    assert gravest(sample.failed().model_copy(update={"verdict": Verdict.PASS})) is Verdict.FAIL


@pytest.mark.parametrize("findings", [(), (sample.BELOW,)])
def test_a_pass_in_which_nothing_was_checked_is_unknown(findings: tuple[object, ...]) -> None:
    assert gravest(sample.passed().model_copy(update={"findings": findings})) is Verdict.UNKNOWN


@pytest.mark.parametrize("exit_status", [3, 5])
def test_a_drill_that_did_not_run_to_its_end_never_says_pass(exit_status: int) -> None:
    judgement = sample.passed().model_copy(update={"exit_status": exit_status})
    assert "pass" not in (headline_word(judgement), headline_style(judgement))


def test_findings_are_read_gravest_first_and_none_is_dropped() -> None:
    judgement = sample.failed()
    order = [finding.verdict for finding in by_gravity(judgement)]
    assert order == sorted(order, key=[Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_ASSESSED].index)
    assert sorted(f.id for f in [*asked(judgement), *also_held(judgement)]) == sorted(f.id for f in judgement.findings)


def test_only_what_passed_is_folded_away() -> None:
    for make in sample.SAMPLES.values():
        assert all(finding.verdict is Verdict.PASS for finding in also_held(make()))


def test_the_tally_counts_in_words() -> None:
    assert tally(sample.failed()) == "3 fail, 3 pass, 1 not assessed"
    assert tally(sample.aborted()) == "nothing was checked"
