"""The one file that a drill leaves for people: pictures, tables and words, no script, nothing fetched."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from drdrill.model.drill import Drill
from drdrill.model.judgement import Judgement, Recovery
from drdrill.report import presence, rupees, story, verdicts, way_home, wording
from drdrill.report.afterwards import TOLD, acknowledged
from drdrill.report.context import ReportContext
from drdrill.report.losses import is_split_brain, loss_picture
from drdrill.report.palette import PALETTE
from drdrill.report.phases import in_order
from drdrill.report.timeline import OUTCOMES, overview, small_multiples
from drdrill.report.waterfall import waterfall

AWS_FLOOR = "10 s x 3 + 60 s = 90 s"
"""What DNS failover takes on AWS at best: health-check interval times threshold, plus the record's time to live."""

_OUTCOME_WORDS = {
    "good": "good: answered done in time, and true",
    "late": "late: answered done, but too late, stale, or lost afterwards",
    "refused": "refused: answered no",
    "unknown": "unknown: no answer was heard",
    "unsent": "unsent: no byte could leave",
}


def render_html(drill: Drill, judgement: Judgement, *, context: ReportContext) -> str:
    """The whole report as one HTML page that opens without a network. Same arguments, same bytes."""
    page: str = (
        environment()
        .get_template("report.html.j2")
        .render(
            drill=drill,
            judgement=judgement,
            context=context,
            loss=judgement.loss,
            recoveries=judgement.recoveries,
            service=drill.service_level,
            palette=PALETTE,
            word=verdicts.headline_word(judgement),
            style=verdicts.headline_style(judgement),
            tally=verdicts.tally(judgement),
            findings=judgement.findings,
            asked=verdicts.asked(judgement),
            also=verdicts.also_held(judgement),
            happened=story.what_happened(drill, judgement),
            meaning=story.what_it_means(drill, judgement),
            steps=story.what_to_do(drill, judgement),
            not_shown=[*context.not_shown, *story.limits_of(drill, judgement)],
            estate=story.estate_line(drill),
            pictures=_pictures(drill, judgement),
            classes=presence.class_rows(judgement.loss),
            flags=presence.flag_rows(judgement.loss),
            steps_home=way_home.steps_home(judgement),
            promised=acknowledged(judgement.loss),
            told_words=TOLD,
            phase_names=_phase_names(judgement.recoveries),
            outcomes=[(name, _OUTCOME_WORDS[name]) for name in OUTCOMES],
            aws_floor=AWS_FLOOR,
            lab_floor=_lab_floor(drill),
            plan=_plan(drill),
        )
    )
    return page


def _pictures(drill: Drill, judgement: Judgement) -> dict[str, Markup | None]:
    return {
        "timeline": overview(drill, judgement),
        "journeys": small_multiples(drill, judgement),
        "waterfall": waterfall(drill, judgement),
        "loss": loss_picture(drill, judgement),
    }


def environment() -> Environment:
    """The templates, with the words and numbers that every page shares."""
    shared = Environment(
        loader=PackageLoader("drdrill.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalized,
    )
    shared.filters.update(
        amount=wording.amount,
        count=wording.count,
        grouped=rupees.grouped,
        moment=wording.moment,
        operation=wording.operation_name,
        particulars=wording.particulars,
        percent=wording.percent,
        region=wording.region_name,
        rupees=rupees.rupees,
        rupees_between=rupees.rupees_between,
        seconds=wording.seconds,
        symbol=verdicts.symbol,
    )
    shared.tests["split_brain"] = is_split_brain
    return shared


def _finalized(value: Any) -> Any:
    return wording.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _phase_names(recoveries: tuple[Recovery, ...]) -> list[str]:
    return in_order(phase.name for recovery in recoveries for phase in recovery.phases)


def _lab_floor(drill: Drill) -> str:
    door = drill.target.front_door
    total = door.health_check_interval_s * door.health_check_threshold + door.record_ttl_s
    interval, ttl = wording.amount(door.health_check_interval_s), wording.amount(door.record_ttl_s)
    return f"{interval} x {door.health_check_threshold} + {ttl} = {wording.amount(total)}"


def _plan(drill: Drill) -> list[tuple[str, str]]:
    """Every parameter that the figures depend on, with its unit."""
    service, traffic, limits = drill.service_level, drill.traffic, drill.limits
    mix = ", ".join(f"{name} {weight:g}" for name, weight in traffic.journeys.items())
    return [
        ("Experiment", drill.experiment),
        ("The disaster", drill.disaster),
        ("Strategy", f"data: {drill.strategy.data}; application: {drill.strategy.application}"),
        ("W, the window", wording.amount(service.window_s)),
        ("S, the share that must be good", wording.percent(service.good_share)),
        ("L, the latency that is still good", wording.amount(service.latency_s)),
        ("H, how long a recovery must hold", wording.amount(service.hold_s)),
        ("Traffic", f"{traffic.rate_per_s:g} operations/s due by the clock (open loop), {traffic.arrivals} arrivals"),
        ("Ramp and baseline", f"ramp {wording.amount(traffic.ramp_s)}, baseline {wording.amount(traffic.baseline_s)}"),
        ("Journeys and weights", mix),
        (
            "Prober",
            f"every {wording.amount(traffic.probe_spacing_s * 1000, 'ms')}: {', '.join(traffic.probe_journeys) or 'none'}",
        ),
        (
            "Deadline of each request",
            f"{wording.amount(traffic.deadline_s)}; at most {traffic.concurrency_cap} at a time",
        ),
        ("Canary accounts", rupees.grouped(traffic.accounts)),
        (
            "Limits",
            f"lag at most {wording.amount(limits.max_lag_s)}; drill at most {wording.amount(limits.max_duration_s)}",
        ),
        ("Time scale", _scale(drill)),
        ("Seed", str(drill.seed)),
    ]


def _scale(drill: Drill) -> str:
    k = drill.time_scale
    if k == 1:
        return "1: nothing is scaled"
    goals = (("RTO", drill.objectives.rto_s), ("RPO", drill.objectives.rpo_s))
    both = [
        f"{name} {wording.amount(s)} scaled, {wording.amount(s * k)} at full scale"
        for name, s in goals
        if s is not None
    ]
    what = "objectives in seconds, the baseline, and the snapshots' and their monitor's times are"
    kept = "; what one request is measured by (W, L, H, its deadline) is not"
    return f"{k:g}: {what} divided by {k:g}{kept}" + "".join(f"; {line}" for line in both)
