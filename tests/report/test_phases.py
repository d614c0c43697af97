from __future__ import annotations

from drdrill.report.phases import in_order, look


def test_parts_stand_in_the_order_of_a_recovery() -> None:
    assert in_order(["warm up", "decide", "inject", "decide", "route and warm up", "detect and decide"]) == [
        "inject",
        "detect and decide",
        "decide",
        "route and warm up",
        "warm up",
    ]


def test_merged_parts_do_not_look_like_any_single_part() -> None:
    single = {look(name) for name in ("inject", "detect", "decide", "promote", "route", "warm up")}
    assert len(single) == 6
    assert look("decide and promote") not in single
    assert look("detect, decide and promote") not in single
    assert look("something else") not in single
    assert look("") not in single
