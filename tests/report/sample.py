"""Judgements as a drill would leave them, to develop the report against: passed, failed, unknown, never restored, aborted."""

from __future__ import annotations

import math
import random

from drdrill.model import mark
from drdrill.model.drill import Drill, Limits, Objectives, ServiceLevel, Strategy, Traffic
from drdrill.model.judgement import (
    BookCheck,
    Count,
    Finding,
    Interval,
    JourneySeries,
    Judgement,
    Loss,
    LostPayment,
    MarkAt,
    Phase,
    Recovery,
    Timeline,
    Verdict,
)
from drdrill.model.operation import op_id
from drdrill.model.target import Aurora, FrontDoor, Target
from drdrill.report import ReportContext

CONTEXT = ReportContext(
    evidence_folder="reports/evidence/20261123-201500-a1b2c3",
    history_digest="4b1d" * 16,
    not_shown=("Hyderabad was not kept as primary for a full working day.",),
    notes=("The estate was opened in 6.1 s; both regions ran the same release.",),
    calibration="refused, blackhole and 503 outages of 5.00 s: observed minus true at most 0.02 s",
)

TARGET = Target(
    name="lab",
    kind="lab",
    account_id="000000000000",
    primary_region="ap-south-1",
    recovery_region="ap-south-2",
    front_door=FrontDoor(
        host="pay.bank.example", port=8070, hosted_zone="bank.example.", record_ttl_s=1, health_check_interval_s=1.0
    ),
    aurora=Aurora(global_cluster="bank", clusters={"ap-south-1": "bank-mumbai", "ap-south-2": "bank-hyderabad"}),
    load_balancers={"ap-south-1": "alb-mumbai", "ap-south-2": "alb-hyderabad"},
    distributions={"ap-south-1": "E1", "ap-south-2": "E2"},
    release="bank-2026.11.3",
)


def drill(**changes: object) -> Drill:
    """The plan of the samples."""
    plan = Drill(
        drill_id="20261123-201500-a1b2c3",
        title="Mumbai is lost; payments continue from Hyderabad",
        experiment="experiments/aurora-global-region-loss.yaml",
        experiment_sha256="9f3c" * 16,
        disaster="region-loss",
        strategy=Strategy(data="aurora-global", application="warm-standby"),
        objectives=Objectives(rto_s=30.0, rpo_s=1.0, loss_operations=0),
        service_level=ServiceLevel(),
        traffic=Traffic(),
        limits=Limits(),
        target=TARGET,
        seed=7,
        software={"drdrill": "0.1.0", "chaostoolkit": "1.21.0", "locust": "2.47.0", "moto": "5.2.5"},
    )
    return plan.model_copy(update=changes)


def series(journey: str, per_s: float, down_s: float | None, seed: int, outage: bool = True) -> JourneySeries:
    """One journey from -10 s to +45 s in buckets of a quarter second, down from 0 to ``down_s`` (None: to the end)."""
    chance = random.Random(seed)
    columns: dict[str, list[int]] = {name: [] for name in ("good", "late", "refused", "unknown", "unsent")}
    p50: list[float | None] = []
    p99: list[float | None] = []
    for bucket in range(220):
        at = -10 + bucket * 0.25
        due = max(1, round(per_s * 0.25 + chance.uniform(-1, 1)))
        down = outage and at >= 0 and (down_s is None or at < down_s)
        warm = outage and down_s is not None and down_s <= at < down_s + 1.5
        late = chance.randint(0, 2) if warm else 0
        refused = (due // 3 if 4 < at < 9 else 0) if down else (1 if chance.random() < 0.01 else 0)
        unsent = (due // 4 if at > 2 else 0) if down else 0
        unknown = due - refused - unsent if down else 0
        columns["good"].append(0 if down else max(0, due - late - refused))
        for name, number in (("late", late), ("refused", refused), ("unknown", unknown), ("unsent", unsent)):
            columns[name].append(number)
        slow = 180 * math.exp(-(at - (down_s or 0))) if warm else 0.0
        p50.append(None if down else 4.2 + chance.uniform(-0.4, 0.6) + slow)
        p99.append(None if down else 14.0 + chance.uniform(-3, 9) + slow * 5)
    return JourneySeries(
        journey=journey, p50_ms=tuple(p50), p99_ms=tuple(p99), **{k: tuple(v) for k, v in columns.items()}
    )


def timeline(down_s: float | None = 12.4, outage: bool = True, spared: str = "") -> Timeline:
    """Three journeys, of which one may be spared."""
    return Timeline(
        began_s=-10.0,
        bucket_s=0.25,
        journeys=(
            series("balance", 45, None if down_s is None else down_s - 4, 1, outage and spared != "balance"),
            series("statement", 10, None if down_s is None else down_s - 4, 2, outage),
            series("transfer", 95, down_s, 3, outage),
        ),
    )


def marks(*extra: tuple[str, float], upto: float = 99.0) -> tuple[MarkAt, ...]:
    """The marks of an ordinary drill."""
    usual = [
        (mark.DRILL_STARTED, -18.2, "perform", {}),
        (mark.CLOCK_ANCHOR, -18.2, "perform", {"wall": "2026-11-23T20:15:00+05:30"}),
        (mark.TRAFFIC_STARTED, -10.0, "prober", {}),
        (mark.LAG_OBSERVED, -0.4, "chaos", {"lag_s": 0.84, "metric": "AuroraGlobalDBReplicationLag"}),
        (mark.ACTIVITY_STARTED, -0.01, "executor", {"activity": "drdrill.chaos.region.lose"}),
        (mark.FAULT_REQUESTED, 0.0, "chaos", {"fault": "region-loss"}),
        (mark.FAULT_PROVED, 0.05, "chaos", {"fault": "region-loss"}),
        (mark.ACTIVITY_ENDED, 0.06, "executor", {"activity": "drdrill.chaos.region.lose", "ok": True}),
        (mark.OUTAGE_DETECTED, 3.11, "route53", {"health_check": "hc-mumbai"}),
        (mark.RECOVERY_DECLARED, 3.64, "runbook", {}),
        (mark.FENCE_PROVED, 4.02, "runbook", {"region": "ap-south-1"}),
        (mark.DATABASE_WRITABLE, 9.42, "runbook", {"region": "ap-south-2"}),
        (mark.TRAFFIC_ROUTED, 11.03, "prober", {"region": "ap-south-2"}),
        (mark.SERVICE_RESTORED, 12.45, "prober", {}),
        (mark.FAULT_HEALED, 43.1, "chaos", {"fault": "region-loss"}),
        (mark.TRAFFIC_STOPPED, 45.0, "prober", {}),
        (mark.DRILL_ENDED, 49.7, "perform", {}),
    ]
    made = [
        MarkAt(name=name, at_s=at, source=source, detail=detail) for name, at, source, detail in usual if at <= upto
    ]
    made += [
        MarkAt(name=name, at_s=at, source="watchdog", detail={"reason": "the operator pressed Ctrl-C"})
        for name, at in extra
    ]
    return tuple(sorted(made, key=lambda one: one.at_s))


PHASES = (
    Phase(name="inject", began_s=0.0, ended_s=0.05),
    Phase(name="detect", began_s=0.05, ended_s=3.11),
    Phase(name="decide", began_s=3.11, ended_s=3.64),
    Phase(name="promote", began_s=3.64, ended_s=9.42),
    Phase(name="route", began_s=9.42, ended_s=11.03),
    Phase(name="warm up", began_s=11.03, ended_s=12.45),
)


def recovery(journey: str, **changes: object) -> Recovery:
    """A journey that came back after 12.41 to 12.47 s."""
    usual = Recovery(
        journey=journey,
        kind="write" if journey == "transfer" else "read",
        state="restored",
        rta_s=Interval(low=12.41, high=12.47),
        outage_began_s=0.02,
        restored_s=Interval(low=12.44, high=12.47),
        watched_s=43.1,
        window_s=1.06,
        due=4095,
        bad=1180,
        stale=0,
        seconds_below=12.9,
        relapses=(),
        phases=PHASES,
    )
    return usual.model_copy(update=changes)


READ_PHASES = (
    *PHASES[:2],
    Phase(name="decide and promote", began_s=3.11, ended_s=6.4),
    Phase(name="route", began_s=6.4, ended_s=8.31),
)
_READS = {"rta_s": Interval(low=8.25, high=8.33), "restored_s": Interval(low=8.3, high=8.33), "phases": READ_PHASES}


def recoveries() -> tuple[Recovery, ...]:
    """All three came back, reads sooner."""
    return (
        recovery("balance", due=2475, bad=377, stale=4, seconds_below=8.9, **_READS),
        recovery("statement", due=550, bad=84, window_s=10.0, seconds_below=17.8, **_READS),
        recovery("transfer"),
    )


def lost_payments(number: int, split: int) -> tuple[LostPayment, ...]:
    """So many payments acked before the disaster, and so many after it."""
    chance = random.Random(11)
    made = []
    for index in range(number):
        late = index >= number - split
        at = 0.1 + 0.1 * (index - number + split) if late else -1.45 + 1.4 * index / max(1, number - split)
        made.append(
            LostPayment(
                op_id=op_id(2, 10_400 + index * 3),
                debit=chance.randrange(1000),
                credit=chance.randrange(1000),
                amount_paise=chance.randrange(100, 9_99_999),
                acked_s=round(at, 4),
                region="ap-south-1",
                flags=("split-brain",) if late else (),
            )
        )
    return tuple(made)


def loss(number: int = 0, split: int = 0) -> Loss:
    """A valid recovery point with so many lost."""
    lost = lost_payments(number, split)
    paise = sum(payment.amount_paise for payment in lost)
    names = ("kept", "lost", "recovered", "vanished", "declined", "ghost", "stranger", "unrecorded", "in doubt")
    counted = {"kept": 3901, "lost": number, "recovered": 3, "vanished": 5, "declined": 812}
    return Loss(
        valid=True,
        invalid_because=None,
        classes={n: Count(operations=counted.get(n, 0), paise=paise if n == "lost" else counted.get(n, 0) * 49_950) for n in names},
        flags={
            n: Count(operations=split if n == "split-brain" else 0, paise=sum(p.amount_paise for p in lost if p.flags) if n == "split-brain" else 0)
            for n in ("split-brain", "doubled", "altered", "resurrected", "overwritten", "stale")
        },
        lost_operations=Interval(low=number, high=number),
        lost_paise=Interval(low=paise, high=paise),
        customers=len({account for p in lost for account in (p.debit, p.credit)}),
        oldest_lost_age_s=Interval(low=1.45, high=1.5) if number else None,
        newest_survivor_age_s=Interval(low=1.46, high=1.51) if number else Interval(low=0.004, high=0.055),
        split_brain_span_s=0.1 if split else None,
        lag_metric_s=0.84 if number else 0.003,
        lag_metric_source="AuroraGlobalDBReplicationLag",
        lost=lost,
        lost_not_listed=0,
    )  # fmt: skip


UNKNOWN_LOSS = Loss(
    valid=False,
    invalid_because="survivors were read 2.000 s before the writers had stopped",
    classes={},
    flags={},
    lost_operations=None,
    lost_paise=None,
    customers=None,
    oldest_lost_age_s=None,
    newest_survivor_age_s=None,
    split_brain_span_s=None,
    lag_metric_s=None,
    lag_metric_source=None,
    lost=(),
    lost_not_listed=0,
)


def finding(
    name: str, title: str, objective: str | None, observed: str, verdict: Verdict, reason: str, *ids: int
) -> Finding:
    """One finding without an interval of its own."""
    return Finding(
        id=name, title=title, objective=objective, observed=observed, interval=None, unit="s", verdict=verdict,
        reason=reason, witnesses=ids,
    )  # fmt: skip


P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_ASSESSED

RTO_MET = finding("rto.transfer", "observed RTO of transfer", "30 s", "12.41 to 12.47 s", P, "transfer was back within the objective, with 17.53 s to spare")  # fmt: skip
READS_MET = finding("rto.balance", "observed RTO of balance", "30 s", "8.25 to 8.33 s", P, "balance was back within the objective, with 21.67 s to spare")  # fmt: skip
BELOW = finding(
    "below", "seconds below the level", None, "17.80 s", N, "no objective was set for the seconds below the level"
)
BOOKS = (
    BookCheck(rule="the sum of all balances is constant", verdict=P, seen="₹10,00,00,000.00 before and after"),
    BookCheck(
        rule="every balance equals its opening balance plus its ledger rows", verdict=P, seen="1,000 of 1,000 accounts"
    ),
    BookCheck(rule="every transfer has its debit and its credit", verdict=P, seen="3,904 of 3,904 transfers"),
    BookCheck(rule="no balance is below its limit", verdict=P, seen="lowest balance ₹81,204.55, limit ₹0.00"),
)


def judgement(verdict: Verdict, exit_status: int, findings: tuple[Finding, ...], **changes: object) -> Judgement:
    """A judgement in which nothing was lost and all came back, but for what is changed."""
    usual = Judgement(
        drill_id="20261123-201500-a1b2c3",
        verdict=verdict,
        exit_status=exit_status,
        findings=findings,
        disaster_s=Interval(low=0.0, high=0.05),
        recoveries=recoveries(),
        loss=loss(),
        books=BOOKS,
        timeline=timeline(),
        marks=marks(),
        schedule_lag_p99_ms=3.2,
        operations=8_245,
    )
    return usual.model_copy(update=changes)


def passed() -> Judgement:
    """Everything met, nothing lost."""
    none_lost = finding("loss", "lost payments", "0 operations", "0", P, "every acknowledged payment is in the books")
    return judgement(P, 0, (RTO_MET, READS_MET, none_lost, BELOW))


def failed() -> Judgement:
    """32 lost, two of them in split brain: golden history 1."""
    lost = loss(32, 2)
    ids = tuple(payment.op_id for payment in lost.lost)
    return judgement(
        F,
        1,
        (
            RTO_MET,
            READS_MET,
            finding("rpo", "observed RPO", "1 s", "1.45 to 1.50 s", F, "the oldest lost payment had been acknowledged 1.45 to 1.50 s before the disaster, 0.45 s more than the objective allows", *ids[:1]),
            finding("loss", "lost payments", "0 operations", "32", F, "32 acknowledged payments are not in the books that serve now", *ids),
            finding("split-brain", "split brain", "0 operations", "2", F, "2 payments sent after the disaster had been proved were acknowledged by ap-south-1 and lost", *ids[-2:]),
            finding("books", "integrity of the books", "all rules hold", "4 of 4 rules hold", P, "the books that serve now balance"),
            BELOW,
        ),
        loss=lost,
    )  # fmt: skip


def unknown() -> Judgement:
    """Survivors read too early: golden history 3."""
    blind = "the survivors were read 2.000 s before the writers had stopped, so no write can prove recovery"
    return judgement(
        U,
        2,
        (
            finding("rto.transfer", "observed RTO of transfer", "30 s", "unknown", U, blind),
            finding("loss", "lost payments", "0 operations", "unknown", U, blind),
            READS_MET,
        ),
        loss=UNKNOWN_LOSS,
        recoveries=(
            *recoveries()[:2],
            recovery("transfer", state="not evaluable", rta_s=None, restored_s=None, phases=()),
        ),
        books=(BookCheck(rule="the sum of all balances is constant", verdict=U, seen="the read is not valid"),),
    )


def never_restored() -> Judgement:
    """Promotion never worked: no journey came back."""
    stuck = (*PHASES[:3], Phase(name="promote", began_s=3.64, ended_s=9.42))
    dead = {"state": "never restored", "rta_s": None, "restored_s": None, "phases": stuck, "seconds_below": 43.1}
    return judgement(
        F,
        1,
        (finding("rto.transfer", "observed RTO of transfer", "30 s", "not restored within the 43.1 s watched", F, "transfer was not restored within the 43.1 s watched, which reaches the objective of 30 s"),),
        recoveries=(
            recovery("balance", state="never down", rta_s=Interval(low=0.0, high=0.41), outage_began_s=None, restored_s=None, phases=(), bad=3, seconds_below=0.0),
            recovery("statement", **dead),
            recovery("transfer", **dead),
        ),
        timeline=timeline(None, spared="balance"),
        marks=tuple(m for m in marks() if m.name not in (mark.TRAFFIC_ROUTED, mark.SERVICE_RESTORED)),
    )  # fmt: skip


def aborted() -> Judgement:
    """Stopped by the operator before the disaster."""
    return judgement(
        U,
        5,
        (),
        disaster_s=None,
        recoveries=(),
        loss=UNKNOWN_LOSS,
        books=(),
        timeline=timeline(outage=False),
        marks=marks((mark.DRILL_ABORTED, -3.0), upto=-3.5),
    )


SAMPLES = {
    "passed": passed,
    "failed": failed,
    "unknown": unknown,
    "never-restored": never_restored,
    "aborted": aborted,
}
