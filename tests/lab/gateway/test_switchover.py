"""Switchovers that cannot be are refused in AWS's own words; tests/lab/test_switchover.py has those that can."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import HYDERABAD, MUMBAI, Pair, RunningGateway

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("operation", ["switchover_global_cluster", "failover_global_cluster"])
@pytest.mark.parametrize(
    ("more", "region", "expected"),
    [
        ({"GlobalClusterIdentifier": "another"}, MUMBAI, "GlobalClusterNotFoundFault"),
        ({"TargetDbClusterIdentifier": "another"}, MUMBAI, "DBClusterNotFoundFault"),
        ({}, HYDERABAD, "InvalidGlobalClusterStateFault"),
        ({}, MUMBAI, "NotImplementedInLab"),
    ],
)
def test_a_switchover_that_cannot_be_is_refused(
    gateway: RunningGateway, operation: str, more: dict[str, str], region: str, expected: str
) -> None:
    """No supervisor stands behind this gateway; a failover without AllowDataLoss is a switchover."""
    destination = Pair(None, None, gateway).arn(HYDERABAD)  # type: ignore[arg-type]
    asked = {"GlobalClusterIdentifier": "bank-ledger", "TargetDbClusterIdentifier": destination, **more}
    with pytest.raises(ClientError) as refused:
        getattr(gateway.client("rds", region), operation)(**asked)
    assert refused.value.response["Error"]["Code"] == expected
