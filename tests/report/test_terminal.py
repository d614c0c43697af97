from __future__ import annotations

import io

import pytest
from rich.console import Console

from drdrill.model.judgement import Interval, Verdict
from drdrill.report import render_terminal, summary_lines

from . import sample

DRILL = sample.drill()


def screen(name: str, width: int = 80, **changes: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(
        render_terminal(DRILL.model_copy(update=changes), sample.SAMPLES[name]())
    )
    return out.getvalue()


@pytest.mark.parametrize("name", sample.SAMPLES)
def test_eighty_columns_are_enough_and_no_word_is_cut(name: str) -> None:
    text = screen(name)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


@pytest.mark.parametrize("name", sample.SAMPLES)
def test_the_verdict_comes_first_and_every_finding_is_named(name: str) -> None:
    judgement = sample.SAMPLES[name]()
    words = " ".join(screen(name, 200).split())
    first = screen(name).splitlines()[1]
    assert {"passed": "PASS", "failed": "FAIL", "unknown": "UNKNOWN", "never-restored": "FAIL", "aborted": "ABORTED"}[
        name
    ] in first
    assert all(finding.title in words for finding in judgement.findings)


def test_objective_stands_beside_observed_and_failures_say_why() -> None:
    text = " ".join(screen("failed", 200).split())
    assert "1 s 1.45 to 1.50 s" in text
    assert "32 acknowledged payments are not in the books that serve now" in text
    assert "₹1,46,829.19" in text
    assert "promote 5.78 s" in text


def test_unknown_loss_is_not_printed_as_a_number() -> None:
    text = screen("unknown")
    assert "loss unknown" in text
    assert "lost: 0" not in text


def test_hostile_titles_neither_style_nor_repaint_the_screen() -> None:
    text = screen("passed", title="[bold red]FAIL[/] \x1b[2J\x1b]0;owned\x07")
    assert "\x1b" not in text and "\x07" not in text
    assert "[bold red]FAIL[/]" in text


def test_plain_lines_say_the_same() -> None:
    lines = summary_lines(DRILL, sample.failed())
    assert lines[0].startswith("FAIL: Mumbai is lost")
    assert any("lost: 32 of 3,933 acknowledged payments, worth ₹1,46,829.19" in line for line in lines)
    assert all("\n" not in line for line in lines)


def test_nothing_lost_is_said_with_how_many_could_have_been() -> None:
    lines = summary_lines(DRILL, sample.passed())
    assert "lost: none of 3,901 acknowledged payments" in lines


def test_a_loss_after_the_disaster_began_has_no_age_and_says_why() -> None:
    judgement = sample.failed()
    late = judgement.loss.model_copy(update={"oldest_lost_age_s": Interval(low=0, high=0)})
    lines = summary_lines(DRILL, judgement.model_copy(update={"loss": late}))
    assert "observed RPO: 0.00 s (all that was lost had been acknowledged after the disaster began)" in lines


def test_the_lag_metric_says_how_old_it_was() -> None:
    judgement = sample.failed()
    aged = judgement.loss.model_copy(update={"lag_metric_age_s": 0.734})
    lines = summary_lines(DRILL, judgement.model_copy(update={"loss": aged}))
    assert "lag, as AuroraGlobalDBReplicationLag said 0.73 s before the cut: 0.84 s" in lines


def test_what_has_no_objective_by_its_nature_is_a_sentence_below_the_table() -> None:
    """In a cell it would be broken into twelve lines."""
    words = "bank-books-20261124t022830z, after falling back: not bank-books-20261124t022845z, because its database is failed"
    judgement = sample.SAMPLES["passed"]()
    used = judgement.findings[0].model_copy(
        update={
            "id": "snapshot-used",
            "title": "Snapshot used",
            "observed": "one",
            "reason": words,
            "verdict": Verdict.NOT_ASSESSED,
        }
    )
    out = io.StringIO()
    Console(file=out, width=80, color_system=None).print(
        render_terminal(DRILL, judgement.model_copy(update={"findings": (*judgement.findings, used)}))
    )
    assert f"- Snapshot used: {words}" in " ".join(out.getvalue().split())
