"""The recovery point: ages, bounds, the baseline that must carry it, and the metric beside it."""

import pytest

from drdrill.measure import judge
from drdrill.measure.loss import LISTED
from drdrill.measure.story import story
from drdrill.model.judgement import Interval

from .verdict_of import finding, reason, told, verdict

OLD = "1+@90 2+@98..98.55 3+@99.5"


def age(line: str) -> Interval | None:
    return told(line).loss.oldest_lost_age_s


def test_the_age_of_the_oldest_lost_write_is_an_interval_over_the_disaster() -> None:
    assert age(f"{OLD} | survivors 1 3") == Interval(low=1.45, high=1.5)
    assert age(f"{OLD} | survivors 1 2") == Interval(low=0.49, high=0.54)
    assert age(f"{OLD} | survivors 1 2 3") == Interval(low=0, high=0)


def test_the_age_is_never_below_zero() -> None:
    assert age("1+@90 2+@100..100.02 | survivors 1") == Interval(low=0, high=0.03)
    assert age("1+@90 2+@100.1 | survivors 1") == Interval(low=0, high=0)


def test_the_clock_bound_widens_the_age() -> None:
    assert age(f"{OLD} | survivors 1 3 | recorder 1 bound 0.1") == Interval(low=1.35, high=1.6)


def test_what_is_in_doubt_raises_the_upper_end_alone() -> None:
    died = "1+@90 2+@99 3!@97 | recorder 1 died"
    assert age(f"{died} | survivors 1") == Interval(low=0.99, high=3.05)
    assert age(f"{died} | survivors 1 2") == Interval(low=0, high=3.05)


def test_when_nothing_older_survived_the_age_has_no_upper_end() -> None:
    text = "1+@90 2+@99 | survivors {} | objective rpo=20"
    assert age(text.format("")) == Interval(low=9.99, high=None)
    assert age(text.format("2")) == Interval(low=9.99, high=None)
    assert age("1+@90 2+@90 | survivors 1") == Interval(low=9.99, high=None)
    assert age(text.format("1")) == Interval(low=0.99, high=1.04)
    assert verdict(text.format(""), "rpo") == "unknown"
    assert "everything the drill wrote is gone" in reason(text.format(""), "rpo")
    assert verdict(text.format("").replace("rpo=20", "rpo=9"), "rpo") == "fail"


def test_the_newest_survivor_is_one_that_was_sent_before_the_disaster() -> None:
    text = "1+@90 2+@98..98.55 3+@99.5 4+@100.01 | survivors {}"
    assert told(text.format("1 2 4")).loss.newest_survivor_age_s == Interval(low=1.5, high=1.5)
    assert told(text.format("1 2 3 4")).loss.newest_survivor_age_s == Interval(low=0.54, high=0.54)
    assert told(text.format("4")).loss.newest_survivor_age_s is None


@pytest.mark.parametrize(
    ("objective", "expected"), [(1.5, "pass"), (1.49, "unknown"), (1.45, "unknown"), (1.44, "fail"), (0, "fail")]
)
def test_the_rpo_is_judged_by_the_interval(objective: float, expected: str) -> None:
    assert verdict(f"{OLD} | survivors 1 3 | objective rpo={objective}", "rpo") == expected


@pytest.mark.parametrize(("survivors", "expected"), [("1 2 3", "pass"), ("1 2", "fail")])
def test_rpo_zero_is_judged_in_operations(survivors: str, expected: str) -> None:
    text = f"{OLD} | survivors {survivors} | objective rpo=0"
    assert verdict(text, "rpo") == expected
    assert finding(told(text), "rpo").unit == "operations"


def test_rpo_zero_counts_what_the_split_brain_lost() -> None:
    assert verdict("1+@90 2+@100.1 | survivors 1 | objective rpo=0", "rpo") == "fail"


def test_what_was_acked_after_the_disaster_is_no_age_but_is_told() -> None:
    assert reason("1+@90 2+@100.1 | survivors 1 | objective rpo=1", "rpo") == (
        "RPO met: nothing acked before the disaster was lost (1 operation (₹1.00) acked after it was), objective 1 s"
    )


def test_rpo_zero_is_unknown_while_something_is_in_doubt() -> None:
    assert verdict("1+@90 2!@99 | recorder 1 died | survivors 1 | objective rpo=0", "rpo") == "unknown"


@pytest.mark.parametrize("objective", [0, 5])
def test_without_an_ack_before_the_disaster_the_rpo_is_unknown(objective: float) -> None:
    text = f"1?@90 2+@101 | survivors 2 | objective rpo={objective}"
    assert verdict(text, "rpo") == "unknown"
    assert "no write was acked before the disaster" in reason(text, "rpo")


def test_the_baseline_must_be_longer_than_the_objective() -> None:
    text = "1+@90..95 2+@99 | survivors 1 2 | objective rpo={}"
    assert verdict(text.format(4.9), "rpo") == "pass"
    assert verdict(text.format(5), "rpo") == "unknown"
    assert "the baseline of 5 s is not longer than the objective" in reason(text.format(5), "rpo")


def test_no_objective_is_not_assessed_and_never_met() -> None:
    assert verdict(f"{OLD} | survivors 1 2 3", "rpo") == "not assessed"
    assert verdict(f"{OLD} | survivors 1 2 3", "loss") == "not assessed"


@pytest.mark.parametrize(("objective", "expected"), [(0, "fail"), (1, "pass"), (2, "pass")])
def test_the_loss_has_an_objective_of_its_own(objective: int, expected: str) -> None:
    assert verdict(f"{OLD} | survivors 1 3 | objective loss={objective}", "loss") == expected


def test_the_loss_is_unknown_between_what_is_lost_and_what_is_in_doubt() -> None:
    text = "1+@90 2+@98 3!@99 | recorder 1 died | survivors 1 | objective loss={}"
    assert [verdict(text.format(limit), "loss") for limit in (0, 1, 2)] == ["fail", "unknown", "pass"]


def test_where_nothing_was_acked_nothing_could_be_lost() -> None:
    assert verdict("1?@90 | survivors | objective loss=0", "loss") == "unknown"


def test_the_split_brain_has_an_objective_of_its_own() -> None:
    text = "1+@90 2+@100.1 3+@130..130.2 | survivors 1"
    assert verdict(text, "split-brain") == "fail"
    assert verdict(f"{text} | objective split=2", "split-brain") == "pass"
    assert told(text).loss.split_brain_span_s == 30.1
    assert told("1+@90 | survivors 1").loss.split_brain_span_s is None


def test_the_lag_metric_is_the_newest_before_the_disaster() -> None:
    loss = told("1+ | lag 0.2@90 | lag 0.4@99 | lag 7@101 | survivors 1").loss
    assert (loss.lag_metric_s, loss.lag_metric_source) == (0.4, "AuroraGlobalDBRPOLag")
    assert told("1+ | survivors 1").loss.lag_metric_s is None


def test_the_lag_metric_is_told_with_its_age_at_the_disaster() -> None:
    """Half a second old when it was read, a second before the disaster. One whose age is not on record has none."""
    assert told("1+ | lag 0.4@99 old 0.5 | survivors 1").loss.lag_metric_age_s == 1.5
    assert told("1+ | lag 0.4@99 | survivors 1").loss.lag_metric_age_s is None


def test_lost_payments_are_listed_oldest_first_with_both_accounts() -> None:
    payments = told("2+@99#3>4=500 1+@99.5#5>6 3+@100.2 | survivors").loss.lost
    assert [(one.op_id & 0xFF, one.debit, one.credit, one.amount_paise) for one in payments] == [
        (2, 3, 4, 500),
        (1, 5, 6, 100),
        (3, 3, 4, 100),
    ]
    assert [one.acked_s for one in payments] == [-0.99, -0.49, 0.21]
    assert [one.flags for one in payments] == [(), (), ("split-brain",)]
    assert [one.region for one in payments] == ["ap-south-1", "ap-south-1", "ap-south-2"]


def test_a_list_of_lost_payments_has_an_end_and_says_so() -> None:
    loss = judge(story("transfer every 0.001: 80..90.5+ | survivors")).loss
    assert (loss.classes["lost"].operations, len(loss.lost), loss.lost_not_listed) == (10_500, LISTED, 500)


def test_customers_are_counted_once_on_either_side() -> None:
    assert told("1+#3>4 2+#4>5 3+#3>5 4+#8>9 | survivors 4").loss.customers == 3
