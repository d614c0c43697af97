"""What is said of a calibration: on the terminal, in a picture, on its page, and in the report of a drill."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from drdrill.model.calibration import Calibration
from drdrill.model.judgement import Verdict
from drdrill.report.calibration import citation, rows
from drdrill.report.calibration_page import render_calibration_html
from drdrill.report.calibration_picture import calibration_png, calibration_svg
from drdrill.report.calibration_terminal import render_calibration

from .calibration_sample import MACHINE, SOFTWARE, calibration, kind, trial
from .sample import drill


def printed(of: Calibration, width: int = 80) -> str:
    console = Console(width=width, file=None, record=True, force_terminal=False, quiet=False)
    with console.capture() as captured:
        console.print(render_calibration(of))
    return captured.get()


def test_the_table_fits_80_columns_and_cuts_nothing() -> None:
    text = printed(calibration())
    assert "…" not in text
    assert re.search(r"refused +0\.33-1\.33 s +\+5\.9 +7\.9 +22/20 +4/4 +0 ✓ pass", text)
    assert re.search(r"split-brain-span +80-80 op +0 +0 +. +1/1", text)
    assert "PASS  4 repetitions of 2 kinds in 130 s" in text


def test_what_did_not_pass_is_explained_below_the_table() -> None:
    text = printed(calibration(kind(verdict=Verdict.FAIL), verdict=Verdict.FAIL))
    assert "✕ FAIL" in text
    assert "refused: what was seen of refused" in text


def test_a_kind_without_one_interval_is_unknown_and_drawn() -> None:
    nothing = trial(1).model_copy(update={"observed": None, "state": "never down"})
    bare = kind(trials=(nothing,)).model_copy(update={"error_median": None, "error_p95": None, "width_median": None})
    (row,) = rows(calibration(bare))
    assert (row.error, row.error_p95, row.width, row.contained) == ("unknown", "unknown", "unknown", "0/1")
    assert calibration_png(calibration(bare))


def test_the_same_calibration_gives_the_same_bytes() -> None:
    one, other = calibration(), Calibration.model_validate_json(calibration().to_json())
    assert one.to_json() == other.to_json()
    assert calibration_svg(one) == calibration_svg(other)
    assert calibration_png(one) == calibration_png(other)
    assert render_calibration_html(one) == render_calibration_html(other)


def test_the_page_needs_no_network_and_shows_every_kind() -> None:
    page = render_calibration_html(calibration())
    assert "://" not in page.replace("http://www.w3.org", "")
    assert "<svg" in page
    for name in ("refused", "split-brain-span"):
        assert name in page


def test_no_calibration_is_cited_as_none() -> None:
    assert citation(None, drill()) is None


def test_a_citation_names_which_when_and_how_each_kind_came_out() -> None:
    told = citation(calibration(), drill())
    assert told is not None
    assert told.startswith(
        "20261123T201500Z-a1b2, begun 2026-11-23T20:15:00+00:00, 4 repetitions of 2 of 12 kinds, pass:"
    )
    assert "refused pass (error p95 7.9 ms, 100 % hold the truth)" in told
    assert "split-brain-span pass (exact 1 of 1 times)" in told


@pytest.mark.parametrize(
    ("software", "said"),
    [
        ({**SOFTWARE, "machine": MACHINE}, "made on the machine of this drill; the software is the same"),
        ({**SOFTWARE, "machine": "aarch64"}, "made on ANOTHER MACHINE (x86_64, 2 CPUs"),
        ({**SOFTWARE, "drdrill": "0.2.0"}, "OTHER SOFTWARE has been installed since (drdrill 0.1.0, now 0.2.0)"),
        ({}, "Whether it was made on the drill's machine is not known; whether the software is the same is not known"),
    ],
)
def test_a_citation_says_whether_it_holds_here(software: dict[str, str], said: str) -> None:
    told = citation(calibration(), drill(software=software))
    assert told is not None
    assert said in told
