"""A lost payment is asked of the bank once more: done, refused with the bank's own reason, or listed as not settled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from drdrill.model.estate import Address
from drdrill.runbooks.reapply import settle
from drdrill.runbooks.rescued_books import Difference, Transfer

LOST = Transfer(op_id=77, debit=3, credit=4, amount_paise=12_345, whole=True)


class Teller(ThreadingHTTPServer):
    """A bank that gives the answers it was told to, the last of them for ever, and remembers what it was asked."""

    def __init__(self, answers: list[tuple[int, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Window)
        self.answers = answers
        self.asked: list[tuple[str, object]] = []


class _Window(BaseHTTPRequestHandler):
    server: Teller

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        answers = self.server.answers
        status, text = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def bank(*answers: tuple[int, str]) -> Iterator[tuple[Teller, Address]]:
    with Teller(list(answers)) as teller:
        thread = threading.Thread(target=teller.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield teller, Address(host="127.0.0.1", port=teller.server_address[1])
        finally:
            teller.shutdown()
            thread.join()


def test_what_the_bank_does_is_re_applied_under_its_own_operation_id() -> None:
    with bank((200, '{"promise": "done"}')) as (teller, door):
        settled = settle(Difference(LOST, None), door)
    assert (settled.settled, settled.reason) == ("re-applied", "")
    assert (settled.op_id, settled.debit, settled.credit, settled.amount_paise) == (77, 3, 4, 12_345)
    assert teller.asked == [("/transfer", {"op_id": 77, "debit": 3, "credit": 4, "amount_paise": 12_345})]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (422, '{"reason": "insufficient funds"}', "the bank refused: insufficient funds"),
        (409, '{"reason": "used for other details"}', "the bank refused: used for other details"),
        (422, "<html>no</html>", "the bank refused: no reason was given"),
        (422, "[]", "the bank refused: no reason was given"),
    ],
)
def test_what_the_bank_refuses_is_a_conflict_with_its_own_reason(status: int, body: str, reason: str) -> None:
    with bank((status, body)) as (teller, door):
        settled = settle(Difference(LOST, None), door)
    assert (settled.settled, settled.reason) == ("conflict", reason)
    assert len(teller.asked) == 1, "a refusal is an answer: nobody asks twice"


def test_a_bank_that_is_short_of_breath_is_asked_again_under_the_same_id() -> None:
    with bank((503, "{}"), (500, ""), (200, "{}")) as (teller, door):
        settled = settle(Difference(LOST, None), door)
    assert settled.settled == "re-applied"
    assert [body for _, body in teller.asked] == [teller.asked[0][1]] * 3


def test_a_payment_without_an_answer_is_listed_as_not_settled_with_what_was_seen_last() -> None:
    with bank((503, '{"reason": "read-only here"}')) as (_, door):
        settled = settle(Difference(LOST, None), door, limit_s=0.3)
    assert settled.settled == "not settled"
    assert "503 read-only here" in settled.reason


def test_a_bank_that_is_not_there_settles_nothing() -> None:
    with bank((200, "{}")) as (_, door):
        pass
    settled = settle(Difference(LOST, None), door, limit_s=0.3)
    assert settled.settled == "not settled"
    assert "ConnectionRefusedError" in settled.reason


@pytest.mark.parametrize(
    ("difference", "reason"),
    [
        (
            Difference(LOST, Transfer(77, 3, 9, 500, whole=True)),
            "the operation stands in the surviving books with other details: from 3 to 9, 500 paise",
        ),
        (Difference(Transfer(77, 3, -1, 0, whole=False), None), "the rescued books do not hold a whole transfer"),
    ],
)
def test_what_cannot_be_asked_for_again_is_a_conflict_and_nobody_is_asked(difference: Difference, reason: str) -> None:
    with bank((200, "{}")) as (teller, door):
        settled = settle(difference, door)
    assert (settled.settled, settled.reason) == ("conflict", reason)
    assert teller.asked == []
