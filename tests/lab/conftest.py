"""The target that lab tests open, and helpers that look at the machine from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drdrill.lab.lab import Lab
from drdrill.model.target import Aurora, FrontDoor, Target

TARGET = Target(
    name="test lab",
    kind="lab",
    account_id="123456789012",
    primary_region="ap-south-1",
    recovery_region="ap-south-2",
    front_door=FrontDoor(host="api.bank.example", port=8080, hosted_zone="bank.example"),
    aurora=Aurora(
        global_cluster="bank-ledger",
        clusters={"ap-south-1": "bank-ledger-mumbai", "ap-south-2": "bank-ledger-hyderabad"},
    ),
    load_balancers={"ap-south-1": "bank-mumbai", "ap-south-2": "bank-hyderabad"},
    distributions={"ap-south-1": "mumbai", "ap-south-2": "hyderabad"},
    release="2026.11.1",
)


@pytest.fixture(scope="session")
def lab_target() -> Target:
    return TARGET


@pytest.fixture(scope="module")
def opened_lab() -> Iterator[Lab]:
    """One lab for the tests of a module that do not break it."""
    with Lab.open(TARGET) as lab:
        yield lab
