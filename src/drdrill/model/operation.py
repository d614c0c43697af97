"""One banking request as its client saw it, and the 64 bytes in which it is recorded.

A history holds millions of operations, so they live in numpy arrays of ``OPERATION``; ids are dense by design
(recorder number and sequence), because judging then is indexing instead of hashing.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt


class Outcome(IntEnum):
    """What the client was promised. The zero of an untouched slot is ``UNKNOWN``: no completion, no promise."""

    UNKNOWN = 0
    ACKED = 1
    REFUSED = 2
    UNSENT = 3


class Kind(IntEnum):
    """Whether an operation moves money."""

    READ = 0
    WRITE = 1


class State(IntEnum):
    """How far a recorder got with a slot; written last, so that a slot is never read half."""

    EMPTY = 0
    INVOKED = 1
    COMPLETED = 2


class Failure(IntEnum):
    """Why no promise was heard, as far as the client could tell."""

    NONE = 0
    NAME_NOT_RESOLVED = 1
    CONNECTION_REFUSED = 2
    CONNECT_TIMED_OUT = 3
    CONNECTION_RESET = 4
    TIMED_OUT = 5
    NO_PROMISE = 6
    CLIENT_CAP = 7
    PROTOCOL = 8
    CONNECT_RESET = 9


OPERATION = np.dtype(
    [
        ("op_id", "<i8"),
        ("journey", "u1"),
        ("kind", "u1"),
        ("state", "u1"),
        ("outcome", "u1"),
        ("region", "u1"),
        ("failure", "u1"),
        ("status", "<u2"),
        ("amount_paise", "<i8"),
        ("debit", "<i4"),
        ("credit", "<i4"),
        ("due_ns", "<i8"),
        ("sent_ns", "<i8"),
        ("done_ns", "<i8"),
        ("seen_seq", "<i8"),
    ]
)
"""One operation, 64 bytes. ``journey`` and ``region`` index the history's own lists of names (region 0 is "none").

A read looks at the account in ``debit`` (``credit`` is -1, ``amount_paise`` 0) and stores the account's ledger sequence
that it saw in ``seen_seq`` (-1: nothing seen). All times are ``time.monotonic_ns()``; 0 means "did not happen".
"""

assert OPERATION.itemsize == 64, "two-phase slots are one cache line each"

Operations = npt.NDArray[Any]
"""A structured array of ``OPERATION``."""

SEQUENCE_BITS = 40
"""Bits of an operation id that count within one recorder: 1.1 million million operations each."""


def op_id(recorder: int, sequence: int) -> int:
    """The id of a recorder's ``sequence``-th operation; it is also the idempotency key in the bank's ledger."""
    return (recorder << SEQUENCE_BITS) | sequence


def recorder_of(operation_id: int) -> int:
    """The recorder number inside an operation id."""
    return operation_id >> SEQUENCE_BITS


def sequence_of(operation_id: int) -> int:
    """The sequence number inside an operation id."""
    return operation_id & ((1 << SEQUENCE_BITS) - 1)
