"""A scaled result is labelled wherever it is read, with both objectives, and never stands beside an unscaled one alone."""

import io

from rich.console import Console

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.drill import Drill, Objectives
from drdrill.model.judgement import Finding, Judgement, Verdict
from drdrill.report import render_terminal
from drdrill.report.context import ReportContext
from drdrill.report.page import render_html

LINE = "transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all"
APPROVED = Objectives(rto_s=1200, rpo_s=900)


def scaled(scale: float) -> tuple[Drill, Judgement]:
    """The same observations, judged by what was approved at this scale."""
    history = story(LINE)
    changes = {"time_scale": scale, "objectives": APPROVED.divided(scale), "approved": APPROVED}
    drill = history.drill.model_copy(update=changes)
    return drill, judge(type(history)(**{**vars(history), "drill": drill}))


def finding(judgement: Judgement, identity: str) -> Finding:
    return next(found for found in judgement.findings if found.id == identity)


def screen(drill: Drill, judgement: Judgement) -> str:
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(render_terminal(drill, judgement))
    return " ".join(out.getvalue().split())


def test_the_verdict_comes_from_the_scaled_objective() -> None:
    """5 s of outage: 1200 s allow it, the 4 s that remain of them at a scale of 300 do not."""
    assert finding(scaled(60)[1], "rto.transfer").verdict is Verdict.PASS
    assert finding(scaled(300)[1], "rto.transfer").verdict is Verdict.FAIL


def test_terminal_and_page_print_both_objectives_and_the_scale() -> None:
    drill, judgement = scaled(60)
    both = "20 s at scale 1:60 (1200 s at full scale)"
    page = render_html(drill, judgement, context=ReportContext(evidence_folder="x"))
    assert finding(judgement, "rto.transfer").objective == both
    assert "TIME SCALE 1:60" in screen(drill, judgement)
    assert both in screen(drill, judgement)
    assert both in page
    assert "divided by 60" in page
    assert "It ran at a time scale of 1:60" in page
    assert "20 s scaled, 1200 s at full scale" in page.replace("1,200", "1200").replace("\u202f", " ")


def test_a_drill_at_full_scale_says_nothing_of_scales() -> None:
    drill, judgement = scaled(1)
    assert "SCALE" not in screen(drill, judgement)
    assert "time scale of" not in render_html(drill, judgement, context=ReportContext(evidence_folder="x"))
    assert finding(judgement, "rto.transfer").objective == "1200 s"
