"""The wire format of the survivors, bit by bit; the reader itself is exercised by every drill on the lab."""

import struct
from collections.abc import Iterator

import pytest

from drdrill.errors import Unprovable
from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances
from drdrill.survivors import postgresql

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)


def entry(entry_id: int, op_id: int, account: int, paise: int, seq: int) -> bytes:
    return struct.pack(">hiqiqiiiqiq", 5, 8, entry_id, 8, op_id, 4, account, 8, paise, 8, seq)


def test_rows_of_binary_copy_are_records_of_fixed_width() -> None:
    wire = postgresql._wire_format(ENTRY)
    rows = postgresql._rows(entry(1, 1 << 40, 7, -100, 3) + entry(2, 1 << 40, 8, 100, 1), wire, ENTRY)
    assert rows.tolist() == [(1, 1 << 40, 7, -100, 3), (2, 1 << 40, 8, 100, 1)]


def test_a_null_where_none_may_be_is_not_misread() -> None:
    wire = postgresql._wire_format(ENTRY)
    broken = bytearray(entry(1, 2, 3, 4, 5))
    broken[14:18] = struct.pack(">i", -1)
    with pytest.raises(Unprovable, match="not as the schema says"):
        postgresql._rows(bytes(broken), wire, ENTRY)


@pytest.mark.parametrize("cut", [1, 11, 19, 25])
def test_the_header_is_stripped_however_the_blocks_are_cut(cut: int) -> None:
    whole = HEADER + entry(1, 2, 3, 4, 5) + b"\xff\xff"
    blocks: Iterator[bytes] = iter([whole[:cut], whole[cut:]])
    assert b"".join(postgresql._without_header(blocks)) == whole[19:]


def test_an_answer_that_is_no_binary_copy_is_refused() -> None:
    with pytest.raises(Unprovable, match="binary COPY"):
        list(postgresql._without_header(iter([b"something else entirely"])))


def test_the_wire_format_has_a_length_before_every_field() -> None:
    assert postgresql._wire_format(ACCOUNT).itemsize == 2 + 5 * 4 + 4 + 4 * 8


def circumstances(**changes: object) -> ReadCircumstances:
    usual: dict[str, object] = {
        "store": "PostgreSQL",
        "region": "ap-south-2",
        "authoritative": True,
        "began_ns": 3_000_000_000,
        "ended_ns": 4_000_000_000,
        "writers_stopped_ns": 1_000_000_000,
        "last_deadline_ns": 2_000_000_000,
        "open_transactions": 0,
        "digest_first": "a",
        "digest_second": "a",
    }
    return ReadCircumstances.model_validate(usual | changes)


def test_a_read_in_order_is_valid() -> None:
    assert circumstances().invalid_because() is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"authoritative": False}, "not shown to be authoritative"),
        ({"writers_stopped_ns": 5_000_000_000}, "2.000 s before the writers had stopped"),
        ({"last_deadline_ns": 3_500_000_000}, "0.500 s before the last client deadline"),
        ({"open_transactions": 2}, "2 transactions were still open"),
        ({"digest_second": "b"}, "did not agree"),
    ],
)
def test_each_way_to_be_invalid_has_its_sentence(change: dict[str, object], sentence: str) -> None:
    assert sentence in str(circumstances(**change).invalid_because())
