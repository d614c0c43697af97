"""Whether SQL and the judge say the same of one history: every number of loss, books and recoveries."""

from typing import Any

from drdrill.model.judgement import Interval, Judgement, Recovery, Verdict

from .engine import Rows

RULES = {
    "sum": "the sum of all balances is constant",
    "balance": "every balance is its opening balance plus its ledger rows",
    "sides": "every transfer has its debit and its credit",
    "floor": "no balance falls below its limit",
    "sequence": "the ledger of every account is numbered 1, 2, 3, …",
}


def told_by_sql(answers: dict[str, Rows]) -> dict[str, Any]:
    """The answers in the judge's words and units."""
    return {
        "classes": {row["presence"]: (int(row["operations"]), int(row["paise"])) for row in answers["classes"]},
        "flags": {row["flag"]: (int(row["operations"]), int(row["paise"])) for row in answers["flags"]},
        "loss": _loss(answers["loss"][0]),
        "books": {row["rule"]: bool(row["broken"]) for row in answers["books"]},
        "recoveries": {row["journey"]: _recovery(row) for row in answers["recoveries"]},
    }


def told_by_judge(judgement: Judgement) -> dict[str, Any]:
    """The same, from the judge."""
    loss = judgement.loss
    failed = {check.rule for check in judgement.books if check.verdict is Verdict.FAIL}
    return {
        "classes": {word: (count.operations, count.paise) for word, count in loss.classes.items() if count.operations},
        "flags": {word: (count.operations, count.paise) for word, count in loss.flags.items()},
        "loss": {
            "operations": _ends(loss.lost_operations),
            "paise": _ends(loss.lost_paise),
            "customers": loss.customers,
            "oldest lost": _ends(loss.oldest_lost_age_s),
            "newest survivor": None if loss.newest_survivor_age_s is None else _middle(loss.newest_survivor_age_s),
            "split brain": loss.split_brain_span_s,
        },
        "books": {name: rule in failed for name, rule in RULES.items()},
        "recoveries": {one.journey: _recovered(one) for one in judgement.recoveries},
    }


def _loss(row: dict[str, Any]) -> dict[str, Any]:
    newest, span = row["newest_survivor_age_ns"], row["split_brain_span_ns"]
    return {
        "operations": (float(row["lost_low"]), float(row["lost_high"])),
        "paise": (float(row["paise_low"]), float(row["paise_high"])),
        "customers": row["customers"],
        "oldest lost": (_s(row["oldest_lost_age_low_ns"]), _s(row["oldest_lost_age_high_ns"])),
        "newest survivor": _s(None if newest is None else max(newest, 0)),
        "split brain": _s(span),
    }


def _recovery(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": row["state"],
        "counts": (int(row["due"]), int(row["bad"]), int(row["stale"]), int(row["relapses"])),
        "began": _s(row["outage_began_ns"]),
        "restored": (_s(row["restored_low_ns"]), _s(row["restored_high_ns"])),
        "rta": (_s(row["rta_low_ns"]), _s(row["rta_high_ns"])),
        "below": _s(int(row["below_ns"])),
    }


def _recovered(one: Recovery) -> dict[str, Any]:
    return {
        "state": one.state,
        "counts": (one.due, one.bad, one.stale, len(one.relapses)),
        "began": one.outage_began_s,
        "restored": _ends(one.restored_s),
        "rta": _ends(one.rta_s),
        "below": one.seconds_below,
    }


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _middle(interval: Interval) -> float:
    assert interval.high is not None
    return round((interval.low + interval.high) / 2, 6)


def _s(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else round(int(duration_ns) / 1e9, 6) + 0.0
