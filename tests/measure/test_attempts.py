"""An operation is found by its id however many recorders there were, and whatever holes their records have."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drdrill.measure import judge
from drdrill.measure.clock import drill_clock
from drdrill.measure.story import story
from drdrill.measure.survey import survey
from drdrill.model.chain import Chain
from drdrill.model.history import History
from drdrill.model.operation import OPERATION, Kind, State

from .test_properties import histories

ids = st.lists(st.integers(0, 40), unique=True, max_size=30)


def recorded(op_ids: list[int], pieces: int = 1) -> History:
    operations = np.zeros(len(op_ids), dtype=OPERATION)
    operations["op_id"], operations["kind"], operations["state"] = op_ids, Kind.WRITE, State.COMPLETED
    chain = Chain(tuple(np.array_split(operations, pieces)), OPERATION)
    return dataclasses.replace(story("1+"), operations=chain)


@given(ids, st.integers(1, 4))
def test_every_id_leads_to_its_row_and_every_other_to_none(op_ids: list[int], pieces: int) -> None:
    history = recorded(op_ids, pieces)
    attempts = survey(history, drill_clock((), 0)).attempts
    asked = np.arange(-2, 45)
    rows = {identity: row for row, identity in enumerate(op_ids)}
    assert attempts.rows_of(asked).tolist() == [rows.get(identity, -1) for identity in asked.tolist()]


def test_ids_that_follow_one_another_are_one_run_across_the_files() -> None:
    runs = survey(recorded([3, 4, 5, 6, 9], pieces=4), drill_clock((), 0)).attempts.runs
    assert (runs.ids.tolist(), runs.rows.tolist(), runs.lengths.tolist()) == ([3, 9], [0, 4], [4, 1])


def test_only_a_write_is_found_as_a_write() -> None:
    history = recorded([1, 2, 3])
    operations = history.operations.copy()
    operations["kind"][1] = Kind.READ
    operations["state"][2] = State.EMPTY
    seen = survey(dataclasses.replace(history, operations=operations), drill_clock((), 0))
    assert seen.attempts.writes_of(np.array([1, 2, 3, 4])).tolist() == [0, -1, -1, -1]
    assert seen.used == 2


@settings(deadline=None, max_examples=60)
@given(histories(), st.data())
def test_it_does_not_matter_how_the_record_is_cut_into_files(history: History, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(history.operations)), max_size=6)))
    chain = Chain(tuple(np.split(history.operations.copy(), cuts)), OPERATION)
    assert judge(dataclasses.replace(history, operations=chain)).to_json() == judge(history).to_json()
