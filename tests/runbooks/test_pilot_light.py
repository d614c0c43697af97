"""The trial of the offered load is open-loop: what is slow does not thin out what is due."""

import threading

from drdrill.runbooks.pilot_light import Carried, _by_the_clock


def test_everything_due_is_asked_however_slow_the_answers_are() -> None:
    """Twenty questions at 100/s, each answered after 0.1 s: done in 0.3 s, not in 2 s; each took what it took."""
    answered = threading.Event()
    taken = _by_the_clock([lambda: not answered.wait(0.1)] * 20, rate_per_s=100)
    assert len(taken) == 20
    assert all(ms is not None and ms >= 100 for ms in taken)


def test_a_bad_answer_is_none_and_never_a_time() -> None:
    taken = _by_the_clock([lambda: True, lambda: False, lambda: True], rate_per_s=1000)
    assert [ms is None for ms in taken] == [False, True, False]


def test_a_trial_says_what_it_saw() -> None:
    assert str(Carried(due=50, good=49, p99_ms=12.4)) == (
        "49 of 50 reads at the offered rate were answered in time (p99 12 ms)"
    )
