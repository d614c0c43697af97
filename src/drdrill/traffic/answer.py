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

_decode = json.JSONDecoder().decode

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
    status, name, body = response
    told = _told(body)
    outcome, seen_seq = Outcome.UNKNOWN, -1
    if told is not None:
        promise = told.get("promise")
        if promise == "not_done" and status >= 400:
            outcome = Outcome.REFUSED
        elif status == 200 and (promise == "done" if journey == TRANSFER else promise != "not_done"):
            outcome = Outcome.ACKED
            if journey != TRANSFER:
                seen_seq = _sequence(told)
    failure = Failure.NO_PROMISE if outcome == Outcome.UNKNOWN else Failure.NONE
    return Answer(outcome, failure, status, regions.get(name, 0), seen_seq, len(body))


def _told(body: bytes) -> dict[str, object] | None:
    try:
        told = _decode(str(body, "utf-8"))
    except ValueError:  # UnicodeDecodeError is one, too
        return None
    except RecursionError:  # nested deeper than any answer of a bank
        return None
    return told if isinstance(told, dict) else None


def _sequence(told: dict[str, object]) -> int:
    sequence = told.get("seq")
    return sequence if type(sequence) is int and 0 <= sequence < 1 << 63 else -1
