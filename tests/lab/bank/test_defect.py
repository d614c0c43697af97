"""How planted bugs are written down."""

from __future__ import annotations

import pytest

from drdrill.errors import BadInput
from drdrill.lab.bank.defect import NAMES, Defect, allows_doubles, parse_defects


@pytest.mark.parametrize("text", ["", "none", " none , "])
def test_nothing_is_planted(text):
    assert parse_defects(text) == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_known(name):
    assert parse_defects(name) == (Defect(name, every=20),)


def test_a_list_says_how_often_each_strikes():
    assert parse_defects("ghost/7, stale=0.05,doubled") == (
        Defect("ghost", every=7),
        Defect("stale", every=None, share=0.05),
        Defect("doubled", every=20),
    )


@pytest.mark.parametrize(
    "text", ["goast", "ghost/0", "ghost=1.5", "ghost=", "flapping/2", "ghost/2=0.5", "ghost altered"]
)
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(BadInput, match="no bug is planted"):
        parse_defects(text)


def test_all_problems_are_told_at_once():
    with pytest.raises(BadInput) as refused:
        parse_defects("goast,ghost/0,stale")
    assert len(refused.value.problems) == 2


def test_only_doubled_needs_a_looser_schema():
    assert allows_doubles("ghost,doubled/3")
    assert not allows_doubles("ghost")
