"""Each lab has a loopback network of its own, and a taken port is told in one sentence."""

from __future__ import annotations

import socket

import pytest

from drdrill.errors import EstateError
from drdrill.lab.subnet import claim_subnet

CONTROL = 18600


def test_two_claims_get_two_networks_and_a_released_one_is_free_again() -> None:
    first = claim_subnet(CONTROL, [])
    second = claim_subnet(CONTROL, [])
    assert first.prefix != second.prefix
    first.release()
    third = claim_subnet(CONTROL, [])
    assert third.prefix == first.prefix
    for subnet in (second, third):
        subnet.release()


def test_a_network_in_which_any_port_is_taken_is_passed_over() -> None:
    first = claim_subnet(CONTROL, [(10, CONTROL + 1)])
    first.release()
    with socket.socket() as stranger:
        stranger.bind((first.host(10), CONTROL + 1))
        stranger.listen()
        second = claim_subnet(CONTROL, [(10, CONTROL + 1)])
        assert second.prefix != first.prefix
        second.release()


def test_a_port_that_somebody_has_on_all_addresses_is_told_in_one_sentence() -> None:
    with socket.socket() as stranger:
        stranger.bind(("0.0.0.0", CONTROL + 2))
        stranger.listen()
        with pytest.raises(EstateError, match=r"the lab was not opened: no free loopback network .*:18602 in use"):
            claim_subnet(CONTROL + 2, [])
