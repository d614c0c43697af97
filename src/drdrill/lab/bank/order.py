"""One transfer as a client asked for it, checked before the database hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.errors import BadInput

AMOUNT_PAISE_MAX = 10**15
ACCOUNT_MAX = 2**31 - 1
OP_ID_MAX = 2**63 - 1


@dataclass(frozen=True)
class TransferOrder:
    """Move ``amount_paise`` from account ``debit`` to account ``credit``, once, under the key ``op_id``."""

    op_id: int
    debit: int
    credit: int
    amount_paise: int


_LIMITS = {
    "op_id": (0, OP_ID_MAX),
    "debit": (0, ACCOUNT_MAX),
    "credit": (0, ACCOUNT_MAX),
    "amount_paise": (1, AMOUNT_PAISE_MAX),
}


def transfer_order(document: object) -> TransferOrder:
    """The order in a JSON document. Raises ``BadInput`` with everything that is wrong with it."""
    if not isinstance(document, dict):
        raise BadInput("not transferred", ["the body must be a JSON object"])
    problems = [problem for name in _LIMITS if (problem := _problem(name, document.get(name))) is not None]
    problems += [f"unknown field {name!r}" for name in document if name not in _LIMITS]
    if not problems and document["debit"] == document["credit"]:
        problems.append("debit and credit are the same account")
    if problems:
        raise BadInput("not transferred", problems)
    return TransferOrder(**document)


def _problem(name: str, value: object) -> str | None:
    low, high = _LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{name} must be a whole number, not {value!r}"
    if not low <= value <= high:
        return f"{name} must be between {low} and {high}, not {value}"
    return None
