from __future__ import annotations

import re

from drdrill.report.palette import PALETTE, light
from drdrill.report.picture import drawing, inline, new_figure


def drawn(name: str, title: str = "a title", label: str = "a label") -> str:
    with drawing():
        figure = new_figure(2.0)
        axes = figure.add_subplot()
        axes.bar([0, 1], [1, 2], color=light("good"), edgecolor=light("hatch"), hatch="//")
        axes.set_title(label)
        return str(inline(figure, name, title, "what it shows"))


def test_every_light_colour_is_unique_because_it_stands_for_its_name() -> None:
    values = [value for value, _ in PALETTE.values()]
    assert len(set(values)) == len(values)


def test_colours_are_names_so_that_the_page_chooses_light_or_dark() -> None:
    assert "var(--good)" in drawn("a")
    assert light("good") not in drawn("a")


def test_two_pictures_share_no_id() -> None:
    one, other = (set(re.findall(r'\bid="([^"]+)"', drawn(name))) for name in ("one", "other"))
    assert one and other
    assert not one & other


def test_a_picture_is_the_same_bytes_and_names_no_host_and_no_date() -> None:
    assert drawn("a") == drawn("a")
    assert "http" not in drawn("a")
    assert not re.search(r"20\d\d-\d\d", drawn("a"))


def test_titles_are_text_whatever_they_contain() -> None:
    source = drawn("a", "</title><script>", "$\\frac{<script> भुगतान")
    assert "<script>" not in source
    assert "&lt;script&gt;" in source


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_reach_contrast_aa_on_light_and_dark() -> None:
    for screen in (0, 1):
        for words in ("ink", "muted", "link"):
            for ground in ("paper", "panel"):
                assert contrast(PALETTE[words][screen], PALETTE[ground][screen]) >= 4.5


def test_the_bad_outcomes_stand_out_from_the_good_in_grey() -> None:
    for screen in (0, 1):
        for outcome in ("unknown", "unsent"):
            assert contrast(PALETTE["good"][screen], PALETTE[outcome][screen]) >= 1.5
