"""Sentences that refuse, each with the case that it lets through."""

from pathlib import Path
from tomllib import loads

import pytest

from drdrill.aws.clients import AwsClients
from drdrill.aws.guard import is_loopback, refuse_endpoint, refuse_other_account, refuse_unless_lab
from drdrill.errors import NotInjecting
from drdrill.model.estate import Estate
from drdrill.model.target import Target

LAB = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))
REAL = LAB.model_copy(update={"kind": "aws", "name": "bank"})
ENDPOINTS = {
    "ap-south-1": "http://127.3.4.10:4566",
    "ap-south-2": "http://127.3.4.20:4566",
    "global": "http://127.3.4.1:4566",
}


def _estate(target: Target, endpoints: dict[str, str]) -> Estate:
    return Estate(target=target, aws_endpoints=endpoints, dns=None, ledgers={}, front_doors={})


def test_a_real_estate_is_refused() -> None:
    with pytest.raises(NotInjecting, match="guard for real estates does not exist yet"):
        refuse_unless_lab(REAL)
    refuse_unless_lab(LAB)


@pytest.mark.parametrize(
    "url", [None, "https://rds.ap-south-1.amazonaws.com", "http://localhost:4566", "http://10.0.0.1"]
)
def test_a_lab_has_loopback_addresses_only(url: str | None) -> None:
    with pytest.raises(NotInjecting, match="is a lab, but"):
        refuse_endpoint(LAB, url)
    refuse_endpoint(LAB, "http://127.0.0.9:4566")


def test_a_real_estate_has_no_address_of_its_own() -> None:
    with pytest.raises(NotInjecting, match="is a real estate, but"):
        refuse_endpoint(REAL, "http://127.0.0.1:4566")
    refuse_endpoint(REAL, None)


def test_a_loopback_address_inside_a_name_is_not_one() -> None:
    assert not is_loopback("http://127.0.0.1.evil.example/")
    assert is_loopback("http://[::1]:80/")


def test_another_account_is_refused() -> None:
    with pytest.raises(NotInjecting, match="999999999999"):
        refuse_other_account(LAB, "999999999999")
    refuse_other_account(LAB, LAB.account_id)


def test_no_client_is_made_outside_the_allowed_regions() -> None:
    """Not even for a read. Global services are exempt: they have no region of their own."""
    clients = AwsClients(_estate(LAB, ENDPOINTS))
    with pytest.raises(NotInjecting, match="ap-southeast-1"):
        clients.rds("ap-southeast-1")
    assert clients.route53().meta.endpoint_url == ENDPOINTS["global"]


def test_a_lab_whose_region_has_no_address_never_falls_back_to_the_real_aws() -> None:
    clients = AwsClients(_estate(LAB, {}))
    with pytest.raises(NotInjecting, match="the real AWS"):
        clients.rds("ap-south-1")


def test_nothing_is_changed_when_the_account_cannot_be_asked() -> None:
    """Nobody listens there: the safety check itself fails, so nothing is done."""
    silent = dict.fromkeys(ENDPOINTS, "http://127.3.4.5:9")
    clients = AwsClients(_estate(LAB, silent), connect_s=0.2, read_s=0.2, attempts=1)
    with pytest.raises(NotInjecting, match="could not ask AWS which account"):
        clients.refuse_to_change_the_wrong_estate()
