"""What the operator sees at the end of a drill: the verdict first, then each finding, the time, the money."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from drdrill.model.drill import Drill
from drdrill.model.judgement import Finding, Judgement, Loss, Recovery, Verdict
from drdrill.report.afterwards import acknowledged, afterwards_lines, lag_line
from drdrill.report.rupees import grouped, rupees_between
from drdrill.report.story import what_happened
from drdrill.report.verdicts import also_held, asked, by_gravity, headline_style, headline_word, symbol, tally, told
from drdrill.report.wording import amount, clean, count, seconds

_STYLES = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow", "not assessed": "dim"}


def render_terminal(drill: Drill, judgement: Judgement) -> RenderableType:
    """The whole result for one screen, readable at 80 columns and without colour."""
    parts: list[RenderableType] = [_banner(drill, judgement), _findings(judgement)]
    if judgement.recoveries:
        parts += [_heading("Where the time went"), _recoveries(judgement)]
    parts += [_heading("Payments"), *(_line(line) for line in _loss_lines(judgement))]
    parts += [_line(line) for line in afterwards_lines(judgement)]
    return Group(*parts)


def summary_lines(drill: Drill, judgement: Judgement) -> list[str]:
    """The same in plain lines, for logs: verdict, sentence, one line for each finding, the loss."""
    lines = [f"{headline_word(judgement).upper()}: {clean(drill.title)} ({tally(judgement)})"]
    lines.append(clean(what_happened(drill, judgement)))
    lines += [clean(_finding_line(finding)) for finding in by_gravity(judgement)]
    return lines + [clean(line) for line in (*_loss_lines(judgement), *afterwards_lines(judgement))]


def _finding_line(finding: Finding) -> str:
    goal = f"objective {finding.objective}" if finding.objective else "no objective"
    return f"{finding.verdict.value}: {finding.title}: {goal}, observed {finding.observed}; {finding.reason}"


def _banner(drill: Drill, judgement: Judgement) -> RenderableType:
    style = _STYLES[headline_style(judgement)]
    word = Text(f"{symbol(headline_style(judgement))} {headline_word(judgement).upper()}", style=style)
    happened = clean(what_happened(drill, judgement))
    said = Text.assemble(word, ("  " + tally(judgement), ""), "\n", happened, (_scale(drill), "bold"))
    return Panel(
        said, title=Text(clean(drill.title), style="bold"), title_align="left", box=box.HEAVY, border_style=style
    )


def _scale(drill: Drill) -> str:
    if drill.time_scale == 1:
        return ""
    return f"\nTIME SCALE 1:{drill.time_scale:g}. Seconds below are scaled, and judged by scaled objectives alone."


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _line(words: str) -> RenderableType:
    return Padding(Text(clean(words)), (0, 0, 0, 2))


def _findings(judgement: Judgement) -> RenderableType:
    if not judgement.findings:
        return _line("Nothing was checked, so nothing is known.")
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1), pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("what", ratio=5)
    table.add_column("objective", ratio=3)
    table.add_column("observed", ratio=4, overflow="fold")
    sentences = told(judgement)
    for finding in [finding for finding in asked(judgement) if finding not in sentences]:
        style = _STYLES[finding.verdict.value]
        what = Text(clean(finding.title), style="bold" if finding.verdict is Verdict.FAIL else "")
        table.add_row(
            Text(f"{symbol(finding.verdict.value)} {finding.verdict.value}", style=style),
            what,
            Text(clean(finding.objective or "none")),
            Text(clean(finding.observed)),
        )
    reasons = [finding for finding in by_gravity(judgement) if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    held = [finding.title for finding in also_held(judgement)]
    also = [_line(f"{symbol('pass')} also checked, and held: {', '.join(held)}")] if held else []
    notes = [_line(f"{symbol(finding.verdict.value)} {finding.title}: {finding.reason}") for finding in sentences]
    return Group(table, *(_reason(finding) for finding in reasons), *notes, *also)


def _reason(finding: Finding) -> RenderableType:
    said = Text.assemble((f"{finding.verdict.value}: ", _STYLES[finding.verdict.value]), clean(finding.reason))
    return Padding(said, (0, 0, 0, 2))


def _recoveries(judgement: Judgement) -> RenderableType:
    rows: list[RenderableType] = []
    for recovery in judgement.recoveries:
        rows.append(_line(_recovery_line(recovery)))
        if recovery.phases:
            spent = "  ".join(f"{p.name} {amount(round(p.ended_s - p.began_s, 2))}" for p in recovery.phases)
            rows.append(Padding(Text(clean(spent), style="dim"), (0, 0, 0, 4)))
    return Group(*rows)


def _recovery_line(recovery: Recovery) -> str:
    observed = f", observed RTO {seconds(recovery.rta_s)}" if recovery.rta_s is not None else ""
    watched = f" in the {amount(recovery.watched_s)} watched" if recovery.state == "never restored" else ""
    return f"{recovery.journey}: {recovery.state}{watched}{observed}; {grouped(recovery.bad)} of {grouped(recovery.due)} not good"


def _loss_lines(judgement: Judgement) -> list[str]:
    loss = judgement.loss
    if not loss.valid or loss.lost_operations is None:
        return [f"loss unknown: {loss.invalid_because or 'the survivors were not read'}"]
    lines = [_lost_line(loss)]
    if loss.oldest_lost_age_s is not None:
        lines.append(f"observed RPO: {seconds(loss.oldest_lost_age_s)} ({_of_what(loss)})")
    if loss.lag_metric_s is not None:
        lines.append(lag_line(loss))
    return lines


def _lost_line(loss: Loss) -> str:
    assert loss.lost_operations is not None
    if loss.lost_operations.high == 0:
        return f"lost: none of {grouped(acknowledged(loss))} acknowledged payments"
    worth = f", worth {rupees_between(loss.lost_paise)}" if loss.lost_paise is not None else ""
    return f"lost: {count(loss.lost_operations)} of {grouped(acknowledged(loss))} acknowledged payments{worth}"


def _of_what(loss: Loss) -> str:
    assert loss.lost_operations is not None and loss.oldest_lost_age_s is not None
    if loss.lost_operations.high == 0:
        return "nothing was lost"
    if loss.oldest_lost_age_s.high == 0:
        return "all that was lost had been acknowledged after the disaster began"
    return "age of the oldest lost payment"
