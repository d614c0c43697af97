"""Load balancers as boto3 and chaostoolkit-aws see them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import HOST, HYDERABAD, MUMBAI, RunningGateway

pytestmark = pytest.mark.lab


def states(gateway: RunningGateway, region: str) -> dict[str, int]:
    elbv2 = gateway.client("elbv2", region)
    arn = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    seen = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    found = [one["TargetHealth"]["State"] for one in seen]
    return {state: found.count(state) for state in found}


def test_health_is_the_balancers_and_every_port_is_its_own_target(gateway: RunningGateway) -> None:
    assert states(gateway, HYDERABAD) == {"healthy": 4, "unhealthy": 1}
    elbv2 = gateway.client("elbv2", HYDERABAD)
    arn = elbv2.describe_target_groups(Names=["bank-hyderabad"])["TargetGroups"][0]["TargetGroupArn"]
    one = elbv2.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": HOST, "Port": 9004}])
    assert [seen["TargetHealth"]["Reason"] for seen in one["TargetHealthDescriptions"]] == ["Target.FailedHealthChecks"]


def test_a_silent_balancers_targets_are_of_unknown_health(gateway: RunningGateway, doors) -> None:
    states(gateway, MUMBAI)
    doors[MUMBAI].shut()
    try:
        assert states(gateway, MUMBAI) == {"unavailable": 5}
    finally:
        doors[MUMBAI].open()


def test_regions_do_not_see_each_others_load_balancers(gateway: RunningGateway) -> None:
    elbv2 = gateway.client("elbv2", MUMBAI)
    foreign = gateway.client("elbv2", HYDERABAD).describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        elbv2.describe_target_health(TargetGroupArn=foreign)
    with pytest.raises(ClientError, match="LoadBalancerNotFound"):
        elbv2.describe_load_balancers(Names=["bank-hyderabad"])
    assert elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"].split(":")[3] == MUMBAI
