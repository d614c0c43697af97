"""Reading a judgement in tests: one finding, one class, one flag."""

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Judgement, Recovery


def told(line: str, *, survivors: str | None = None) -> Judgement:
    return judge(story(line, survivors=survivors))


def finding(judgement: Judgement, identity: str) -> Finding:
    found = [one for one in judgement.findings if one.id == identity]
    assert len(found) == 1, f"{len(found)} findings are called {identity}"
    return found[0]


def verdict(line: str, identity: str) -> str:
    return finding(told(line), identity).verdict.value


def reason(line: str, identity: str) -> str:
    return finding(told(line), identity).reason


def recovery(line: str, journey: str = "transfer") -> Recovery:
    return next(one for one in told(line).recoveries if one.journey == journey)


def classes(history: History) -> dict[str, int]:
    return {name: count.operations for name, count in judge(history).loss.classes.items() if count.operations}


def flags(history: History) -> dict[str, int]:
    return {name: count.operations for name, count in judge(history).loss.flags.items() if count.operations}
