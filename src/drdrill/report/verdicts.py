"""Which word stands at the top, and in which order findings are read: the gravest first."""

from __future__ import annotations

from drdrill.model.judgement import Finding, Judgement, Verdict

_ABORTED, _NOT_RUN = 5, 3
_GRAVITY = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.PASS: 2, Verdict.NOT_ASSESSED: 3}
_OBJECTIVES = frozenset(
    ("rto", "rpo", "loss", "split-brain", "relapse", "seconds-below", "failed-share", "failback", "reconciliation")
)
_TOLD = frozenset({"snapshot-phase", "snapshot-used", "monitor"})
_SYMBOLS = {Verdict.FAIL: "✕", Verdict.UNKNOWN: "?", Verdict.PASS: "✓", Verdict.NOT_ASSESSED: "-"}


def gravest(judgement: Judgement) -> Verdict:
    """The verdict to print: the judgement's own, unless one of its findings is graver. Nothing checked is unknown."""
    candidates = [judgement.verdict, *(finding.verdict for finding in judgement.findings)]
    verdict = min(candidates, key=_GRAVITY.__getitem__)
    nothing_checked = all(finding.verdict is Verdict.NOT_ASSESSED for finding in judgement.findings)
    return (
        Verdict.UNKNOWN if verdict is Verdict.NOT_ASSESSED or (verdict is Verdict.PASS and nothing_checked) else verdict
    )


def stopped_early(judgement: Judgement) -> str | None:
    """``aborted`` or ``not run`` when the drill did not go its way to the end, else None."""
    return {_ABORTED: "aborted", _NOT_RUN: "not run"}.get(judgement.exit_status)


def headline_word(judgement: Judgement) -> str:
    """The one word in large letters: a drill that was aborted never says ``pass``."""
    return stopped_early(judgement) or gravest(judgement).value


def headline_style(judgement: Judgement) -> str:
    """The look of that word: an aborted drill looks unknown unless it had failed already."""
    verdict = gravest(judgement)
    return Verdict.UNKNOWN.value if stopped_early(judgement) and verdict is not Verdict.FAIL else verdict.value


def by_gravity(judgement: Judgement) -> list[Finding]:
    """Failures first, then what could not be measured, then what passed, then what had no objective."""
    return sorted(judgement.findings, key=lambda finding: _GRAVITY[finding.verdict])


def asked(judgement: Judgement) -> list[Finding]:
    """What the bank set an objective for, and whatever did not pass: the rows that everybody reads."""
    held = also_held(judgement)
    return [finding for finding in by_gravity(judgement) if finding not in held]


def told(judgement: Judgement) -> list[Finding]:
    """What is said in a sentence and has no objective by its nature, such as which snapshot was used."""
    return [
        finding for finding in judgement.findings if finding.id in _TOLD and finding.verdict is Verdict.NOT_ASSESSED
    ]


def also_held(judgement: Judgement) -> list[Finding]:
    """What every drill is checked for besides, and passed: ghosts, the books, the record itself, and the like."""
    return [
        finding
        for finding in judgement.findings
        if finding.verdict is Verdict.PASS and finding.id.split(".")[0] not in _OBJECTIVES
    ]


def symbol(verdict: str) -> str:
    """A sign beside the word, so that colour is never alone."""
    return _SYMBOLS[Verdict(verdict)]


def tally(judgement: Judgement) -> str:
    """How many findings came out how: ``2 fail, 1 unknown, 5 pass``."""
    counts = {verdict: sum(f.verdict is verdict for f in judgement.findings) for verdict in _GRAVITY}
    return (
        ", ".join(f"{number} {verdict.value}" for verdict, number in counts.items() if number) or "nothing was checked"
    )
