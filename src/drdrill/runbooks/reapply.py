"""One lost payment, asked of the bank once more under its own operation id: done now, or refused with the reason.

The bank's own idempotency makes this safe to repeat: an operation id is booked once, whoever asks, and however often.
"""

from __future__ import annotations

import http.client
import json

from drdrill.errors import Unprovable
from drdrill.model.estate import Address
from drdrill.model.reconciliation import RescuedPayment
from drdrill.runbooks.rescued_books import Difference, Transfer
from drdrill.waiting import wait_until

_DONE, _OTHER_DETAILS, _IMPOSSIBLE = 200, 409, 422
_ANSWER_S = 3.0
LIMIT_S = 15.0
"""How long one payment may go on getting neither a yes nor a no."""

Answer = tuple[int, str]
"""HTTP status and the bank's own reason."""


def settle(difference: Difference, door: Address, *, limit_s: float = LIMIT_S) -> RescuedPayment:
    """Re-apply what can be, and say of the rest why not. Never raises: what gets no answer for ``limit_s`` is listed as not settled."""
    one, other = difference.rescued, difference.other
    if other is not None:
        told = f"the operation stands in the surviving books with other details: {_words(other)}"
        return _payment(one, "conflict", told)
    if not one.whole:
        return _payment(one, "conflict", "the rescued books do not hold a whole transfer")
    last: list[object] = []

    def answered() -> Answer | None:
        status, reason = _ask(door, one)
        last[:] = [f"{status} {reason}"]
        return (status, reason) if status in (_DONE, _OTHER_DETAILS, _IMPOSSIBLE) else None

    try:
        status, reason = wait_until("the bank decides", answered, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    except Unprovable as error:
        return _payment(one, "not settled", str(error))
    return _payment(one, "re-applied") if status == _DONE else _payment(one, "conflict", f"the bank refused: {reason}")


def _payment(one: Transfer, settled: str, reason: str = "") -> RescuedPayment:
    return RescuedPayment.model_validate(
        {
            "op_id": one.op_id,
            "debit": one.debit,
            "credit": one.credit,
            "amount_paise": one.amount_paise,
            "settled": settled,
            "reason": reason,
        }
    )


def _words(transfer: Transfer) -> str:
    return f"from {transfer.debit} to {transfer.credit}, {transfer.amount_paise} paise"


def _ask(door: Address, one: Transfer) -> Answer:
    body = {"op_id": one.op_id, "debit": one.debit, "credit": one.credit, "amount_paise": one.amount_paise}
    connection = http.client.HTTPConnection(door.host, door.port, timeout=_ANSWER_S)
    try:
        connection.request("POST", "/transfer", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, _reason(response.read(100_000))
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__} {error}".strip()
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return "no reason was given"
    return str(document.get("reason", "no reason was given")) if isinstance(document, dict) else "no reason was given"
