from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.model.judgement import Interval
from drdrill.report.wording import clean, count, listed, moment, percent, region_name, seconds


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (12.41, 12.47, "12.41 to 12.47 s"),
        (1.45, 1.5, "1.45 to 1.50 s"),
        (1.45, None, "1.45 s or more"),
        (2.0, 2.0, "2.00 s"),
        (0.0, 0.0451, "0.000 to 0.046 s"),
    ],
)
def test_intervals_read_like_sentences(low: float, high: float | None, written: str) -> None:
    assert seconds(Interval(low=low, high=high)) == written


@given(st.floats(0.1, 1e5), st.floats(0.1, 1e5))
def test_rounding_never_claims_more_than_was_observed(one: float, other: float) -> None:
    low, high = sorted((one, other))
    words = seconds(Interval(low=low, high=high)).removesuffix(" s").split(" to ")
    assert (float(words[0]) <= low and float(words[-1]) >= high) or words[0] == words[-1]


def test_an_upper_end_just_beyond_the_objective_is_not_rounded_down_to_it() -> None:
    assert seconds(Interval(low=59.9, high=60.0001)) == "59.90 to 60.01 s"


def test_moments_carry_their_sign_and_zero_has_none() -> None:
    assert [moment(x) for x in (12.41, -1.45, 0.0, -0.001)] == ["+12.41 s", "\N{MINUS SIGN}1.45 s", "0.00 s", "0.00 s"]


def test_small_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
    assert count(Interval(low=32, high=35)) == "32 to 35"
    assert percent(0.99) == "99 %"
    assert region_name("ap-south-2") == "Hyderabad (ap-south-2)"
    assert region_name("elsewhere") == "elsewhere"


def test_strangers_text_cannot_repaint_a_terminal_or_forge_a_line() -> None:
    cleaned = clean("a\x1b[2Jb\nPASS\u202ec\ud800\x00")
    assert cleaned.isprintable()
    assert "\n" not in cleaned
    assert cleaned.encode()


@given(st.text())
def test_clean_text_is_always_one_line_that_can_be_written(text: str) -> None:
    assert len(clean(text).splitlines()) <= 1
    assert len(clean(text).encode()) >= len(clean(text))
    assert clean(clean(text)) == clean(text)
