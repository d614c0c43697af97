"""What an answer promises: the bank's words, and the silence in place of them, as an outcome (measuring.md, section 1)."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from typing import NamedTuple

from drdrill.model.operation import Failure, Outcome
from drdrill.traffic.journeys import TRANSFER
from drdrill.traffic.response import Response


class Answer(NamedTuple):
    """How one attempt ended, in the words of the record. ``length`` is that of the body in bytes."""

    outcome: Outcome
    failure: Failure = Failure.NONE
    status: int = 0
    region: int = 0
    seen_seq: int = -1
    length: int = 0


NAME_NOT_RESOLVED = Answer(Outcome.UNSENT, Failure.NAME_NOT_RESOLVED)
CONNECT_TIMED_OUT = Answer(Outcome.UNSENT, Failure.CONNECT_TIMED_OUT)
CLIENT_CAP = Answer(Outcome.UNSENT, Failure.CLIENT_CAP)
TIMED_OUT = Answer(Outcome.UNKNOWN, Failure.TIMED_OUT)
CONNECTION_RESET = Answer(Outcome.UNKNOWN, Failure.CONNECTION_RESET)
GARBLED = Answer(Outcome.UNKNOWN, Failure.PROTOCOL)

_decoder = json.JSONDecoder()
_decode, _scan = _decoder.decode, _decoder.raw_decode

_ACKED, _REFUSED, _UNKNOWN = Outcome.ACKED, Outcome.REFUSED, Outcome.UNKNOWN
_NO_FAILURE, _NO_PROMISE = Failure.NONE, Failure.NO_PROMISE

_OF_CONNECTING = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ETIMEDOUT: Failure.CONNECT_TIMED_OUT,
    errno.EMFILE: Failure.CLIENT_CAP,
    errno.ENFILE: Failure.CLIENT_CAP,
    errno.ENOBUFS: Failure.CLIENT_CAP,
    errno.EADDRNOTAVAIL: Failure.CLIENT_CAP,
}


def answer_of_error(number: int | None, left: bool) -> Answer:
    """What an error of the connection means; ``left`` when at least one byte of the request left this process."""
    if not left:
        return Answer(Outcome.UNSENT, _OF_CONNECTING.get(number or 0, Failure.CONNECT_RESET))
    return TIMED_OUT if number == errno.ETIMEDOUT else CONNECTION_RESET


def answer_of_response(journey: int, response: Response, regions: Mapping[bytes, int]) -> Answer:
    """What a complete response promises. Words that contradict their status are no promise."""
    status, name, body, _ = response
    told = _told(body)
    promise = None if told is None else told.get("promise")
    region = regions.get(name, 0)
    if told is None or (promise != "done" if journey == TRANSFER else promise == "not_done") or status != 200:
        if promise == "not_done" and status >= 400:
            return Answer(_REFUSED, _NO_FAILURE, status, region, -1, len(body))
        return Answer(_UNKNOWN, _NO_PROMISE, status, region, -1, len(body))
    return Answer(_ACKED, _NO_FAILURE, status, region, -1 if journey == TRANSFER else _sequence(told), len(body))


def _told(body: bytes) -> dict[str, object] | None:
    try:
        text = str(body, "utf-8")
        told, end = _scan(text) if text[:1] == "{" else (None, 0)
        if end != len(text):  # spaces around the object, or more than an object: the slower way knows
            told = _decode(text)
    except ValueError:  # UnicodeDecodeError is one, too
        return None
    except RecursionError:  # nested deeper than any answer of a bank
        return None
    return told if isinstance(told, dict) else None


def _sequence(told: dict[str, object]) -> int:
    sequence = told.get("seq")
    return sequence if type(sequence) is int and 0 <= sequence < 1 << 63 else -1
