"""A chain of arrays is read like the one array that they would make, and none of them is copied."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.model.chain import Chain, chained
from drdrill.model.operation import OPERATION
from drdrill.model.survivors import ENTRY

lengths = st.lists(st.integers(0, 5), max_size=4)


def rows(count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    made = np.zeros(count, dtype=dtype)
    made["op_id"] = np.arange(count) * 7
    made["amount_paise"] = -np.arange(count)
    return made


def cut(whole: npt.NDArray[Any], sizes: list[int]) -> Chain:
    return Chain(tuple(np.split(whole, np.cumsum(sizes[:-1]))) if sizes else (), whole.dtype)


@pytest.mark.parametrize("dtype", [OPERATION, ENTRY], ids=["words", "not words"])
@given(sizes=lengths, data=st.data())
def test_a_chain_is_read_like_one_array(dtype: np.dtype[Any], sizes: list[int], data: st.DataObject) -> None:
    whole = rows(sum(sizes), dtype)
    chain = cut(whole, sizes)
    assert len(chain) == len(whole)
    assert chain.nbytes == whole.nbytes
    assert chain["op_id"].tolist() == whole["op_id"].tolist()
    assert chain.copy().tolist() == whole.tolist()
    if len(whole):
        places = np.array(data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=9)), dtype=np.int64)
        assert chain.take(places).tolist() == whole[places].tolist()
        assert chain[2:5].tolist() == whole[2:5].tolist()
        assert chain[whole["op_id"] > 7].tolist() == whole[whole["op_id"] > 7].tolist()
        assert chain[len(whole) - 1]["op_id"] == whole[-1]["op_id"]


@given(sizes=lengths, length=st.integers(1, 4))
def test_parts_follow_one_another_and_never_span_two_arrays(sizes: list[int], length: int) -> None:
    whole = rows(sum(sizes), OPERATION)
    chain = cut(whole, sizes)
    parts = list(chain.parts(length))
    assert [first for first, _ in parts] == np.cumsum([0, *(len(part) for _, part in parts)])[:-1].tolist()
    assert [row["op_id"] for _, part in parts for row in part] == whole["op_id"].tolist()
    for _, part in parts:
        assert 0 < len(part) <= length
        assert sum(np.shares_memory(part, piece) for piece in chain.pieces) == 1


def test_nothing_is_copied_to_make_a_chain() -> None:
    whole = rows(4, OPERATION)
    assert np.shares_memory(chained(whole).pieces[0], whole)
    assert chained(chained(whole)).pieces[0] is chained(whole).pieces[0]
