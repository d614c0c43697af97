"""SQL and the judge say the same of every history; a query that is changed says something else."""

import tempfile
from pathlib import Path

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from tests.measure.test_golden import ACTIVE_ACTIVE, REGION_LOSS
from tests.measure.test_properties import histories

from drdrill.errors import BadInput
from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.queries.statements import TABLES, queries, statements

from .agreement import told_by_judge, told_by_sql
from .engine import answers

LINES = {
    "region loss": REGION_LOSS,
    "active-active": ACTIVE_ACTIVE,
    "never down": ACTIVE_ACTIVE.replace("100..103+/25? 103..130+", "100..150+/999?"),
    "every class": "1+ 2+ 3? 4? 5- 6- 7x 8! 9! | recorder 1 died | survivors 1 3 5 1:77 8:1",
    "altered and doubled": "1+ 2+ 3+ | survivors 1*2 2=900 3#7>8 4d",
    "resurrected": "1+@99 2+@99 3-@99 | survivors 2 3 @110 | survivors 1 2 @120",
    "stale": "1+@98#3>4 2+@101#3>4 9+@102#3=1 10+@102#3=2 | survivors 1 2",
    "relapse": "transfer every 0.1: 90..100+ 100..105? 105..125+ 125..128? 128..150+ | survivors all",
    "flapping": "transfer every 0.1: 90..100+ 100..105? 105..108+ 108..110? 110..150+ | survivors all | level share=0.8",
    "failback": "balance every 0.05: 90..100+ 100..103? 103..120+ 120..130? | survivors | failback 119",
    "late": "balance every 0.05: 90..100+ 100..103? 103..130+ | survivors | recorder 1 bound 0.02",
}


def agree(history: History, folder: Path) -> None:
    judgement = judge(history)
    assert judgement.loss.valid
    assert told_by_sql(answers(history, folder)) == told_by_judge(judgement)


@pytest.mark.parametrize("line", LINES.values(), ids=list(LINES))
def test_sql_says_what_the_judge_says(line: str, tmp_path: Path) -> None:
    agree(story(line), tmp_path)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(histories())
def test_sql_says_what_the_judge_says_of_any_history(history: History) -> None:
    if judge(history).loss.valid and judge(history).recoveries:
        with tempfile.TemporaryDirectory() as folder:
            agree(history, Path(folder))


@pytest.mark.prove
@settings(deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(histories())
def test_sql_says_what_the_judge_says_of_many_histories(history: History) -> None:
    if judge(history).loss.valid and judge(history).recoveries:
        with tempfile.TemporaryDirectory() as folder:
            agree(history, Path(folder))


@pytest.mark.parametrize("dialect", ["trino", "athena", "spark", "duckdb"])
@pytest.mark.parametrize("name", TABLES)
def test_every_query_is_sql_of_other_engines_too(dialect: str, name: str) -> None:
    text = queries(story(REGION_LOSS))[name]
    (parsed,) = sqlglot.transpile(text, read=dialect, write=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    (ours,) = sqlglot.transpile(text, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert parsed and ours


def test_a_query_uses_only_tables_that_are_there_before_it() -> None:
    known = {"operations", "entries", "accounts"}
    for name, text in queries(story(REGION_LOSS)).items():
        used = {table.name for table in sqlglot.parse_one(text, read="duckdb").find_all(sqlglot.exp.Table)}
        assert used <= known, f"{name} uses {used - known}"
        known.add(name)


def test_a_read_that_proves_nothing_is_not_judged() -> None:
    with pytest.raises(BadInput, match="before the writers had stopped"):
        list(statements(story("1+ | survivors 1 !early")))


def test_without_a_disaster_there_is_nothing_to_judge() -> None:
    with pytest.raises(BadInput, match="never requested"):
        list(statements(story("1+ | survivors 1 | no fault")))


LIES = [
    ("held", "r.is_last = 1 OR GREATEST", "1 = 1 OR GREATEST", "1+@99 2+@115 | survivors 1 @110 | survivors 1 2 @120"),
    ("writes", "THEN 'kept'", "THEN 'lost'", REGION_LOSS),
    ("writes", "a.sent_ns > d.proved_ns", "a.sent_ns > d.request_ns - 60000000000", REGION_LOSS),
    ("outsiders", "u.op_id IS NULL", "u.op_id IS NOT NULL", "1+ | recorder 1 died | survivors 1 1:77 1:78 8:1"),
    ("stale", "ORDER BY at_ns, is_write", "ORDER BY is_write DESC, at_ns", "1+@101#3>4 9+@100.8#3=0 | survivors 1"),
    ("loss", "- m.newest_kept_before_ns", "- m.oldest_lost_ns", REGION_LOSS),
    ("books", "SUM(e.amount_paise) <> 0", "1 = 0", "1+ 2+ | survivors 1d 1=900c 2"),
    ("seen", "v.due_ns < d.watch_end_ns", "1 = 1", LINES["failback"]),
    ("sliding", "s.rn + d.needed", "s.rn + 1", ACTIVE_ACTIVE),
    ("runs", "WHERE met = 0", "WHERE met = 1", REGION_LOSS),
    ("merged", "hold_ns AS gap_ns", "0 AS gap_ns", LINES["flapping"]),
    (
        "gaps",
        "SELECT journey, due_ns FROM seen WHERE good = 1",
        "SELECT journey, due_ns FROM seen",
        LINES["never down"],
    ),
    ("recoveries", "restored_low_ns - proved_ns", "restored_low_ns - request_ns", REGION_LOSS),
]


@pytest.mark.parametrize(("table", "truth", "lie", "line"), LIES, ids=[f"{lie[0]}-{n}" for n, lie in enumerate(LIES)])
def test_a_query_that_lies_is_found_out(table: str, truth: str, lie: str, line: str, tmp_path: Path) -> None:
    history = story(line)
    made = [
        statement.replace(truth, lie) if statement.startswith(f"CREATE TABLE {table} ") else statement
        for statement in statements(history)
    ]
    assert made != list(statements(history)), f"{table} does not say {truth!r}: the lie is out of date"
    assert told_by_sql(answers(history, tmp_path, made)) != told_by_judge(judge(history))
