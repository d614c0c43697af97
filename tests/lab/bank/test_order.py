"""What may be asked of the bank."""

from __future__ import annotations

import pytest

from drdrill.errors import BadInput
from drdrill.lab.bank.order import TransferOrder, transfer_order

GOOD = {"op_id": 1, "debit": 2, "credit": 3, "amount_paise": 100}


def test_a_good_order():
    assert transfer_order(GOOD) == TransferOrder(op_id=1, debit=2, credit=3, amount_paise=100)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount_paise": 0}, "between 1 and"),
        ({"amount_paise": 1.5}, "whole number"),
        ({"amount_paise": True}, "whole number"),
        ({"amount_paise": 10**16}, "between 1 and"),
        ({"debit": -1}, "between 0 and"),
        ({"credit": 2**31}, "between 0 and"),
        ({"op_id": 2**63}, "between 0 and"),
        ({"op_id": "1"}, "whole number"),
        ({"credit": 2}, "same account"),
        ({"note": "rent"}, "unknown field 'note'"),
    ],
)
def test_a_wrong_order_is_refused(wrong, said):
    with pytest.raises(BadInput, match=said):
        transfer_order(GOOD | wrong)


@pytest.mark.parametrize("document", [None, [], 3, "x"])
def test_what_is_no_object_is_refused(document):
    with pytest.raises(BadInput, match="JSON object"):
        transfer_order(document)


def test_every_problem_is_told():
    with pytest.raises(BadInput) as refused:
        transfer_order({"op_id": "x"})
    assert len(refused.value.problems) == 4
