"""What the bank says over HTTP."""

from __future__ import annotations

import http.client
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.lab


def test_every_answer_says_which_region_served_it(open_bank):
    bank = open_bank()
    host, _, port = bank.addresses[0].rpartition(":")
    for method, path in (
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/version"),
        ("GET", "/accounts/1/balance"),
        ("GET", "/accounts/none/balance"),
        ("GET", "/nowhere"),
        ("POST", "/transfer"),
    ):
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        connection.request(method, path)
        with connection.getresponse() as answer:
            answer.read()
            assert answer.headers["X-Served-By-Region"] == "ap-south-1", path
        connection.close()


def test_health_ready_and_version(open_bank):
    bank = open_bank()

    assert bank.ask("GET", "/health").status == 200
    assert bank.ask("GET", "/ready").document == {"ready": True, "reason": None}
    assert bank.ask("GET", "/version").document == {"release": "2026.11", "region": "ap-south-1"}


def test_an_account_that_does_not_exist_is_a_promise_of_nothing(open_bank):
    bank = open_bank()
    for account in ("40", "x", "-1", "99999999999999999999", "%31%20", "²"):
        for page in ("balance", "statement"):
            heard = bank.ask("GET", f"/accounts/{quote(account, safe='%')}/{page}")
            assert (heard.status, heard.promise) == (404, "not_done"), (account, page)


def test_a_wrong_order_is_not_done(open_bank):
    bank = open_bank()
    for document in (None, [], {"op_id": 1}, {"op_id": 1, "debit": 1, "credit": 1, "amount_paise": 5}):
        heard = bank.ask("POST", "/transfer", document)
        assert (heard.status, heard.promise) == (400, "not_done"), document
