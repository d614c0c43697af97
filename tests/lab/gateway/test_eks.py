"""The clusters and their node groups."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import HYDERABAD, MUMBAI, RunningGateway

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("region", [MUMBAI, HYDERABAD])
def test_each_region_has_one_cluster_with_its_workers_tagged_with_the_release(
    gateway: RunningGateway, region: str
) -> None:
    eks = gateway.client("eks", region)
    (name,) = eks.list_clusters()["clusters"]
    cluster = eks.describe_cluster(name=name)["cluster"]
    (group,) = eks.list_nodegroups(clusterName=name)["nodegroups"]
    workers = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
    assert workers["scalingConfig"]["desiredSize"] == 5
    assert cluster["tags"] == workers["tags"] == {"release": gateway.target.release}
    assert eks.list_tags_for_resource(resourceArn=cluster["arn"])["tags"] == cluster["tags"]
    assert cluster["arn"].split(":")[3] == region
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_cluster(name="another")
