"""Amazon EKS of the lab: one cluster and one node group per region, with the workers as its nodes; to be read only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation
from drdrill.model.target import Target

NODE_GROUP = "workers"
Document = dict[str, Any]


class Eks:
    """The native operations: moto's own would need its whole EC2 for records without anything behind them."""

    def __init__(self, target: Target, workers_per_region: int) -> None:
        self._target = target
        self._names = AwsNames(target)
        self._workers = workers_per_region
        self._created = datetime.now(tz=UTC)

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "ListClusters": self.list_clusters,
            "DescribeCluster": self.describe_cluster,
            "ListNodegroups": self.list_nodegroups,
            "DescribeNodegroup": self.describe_nodegroup,
            "ListTagsForResource": self.list_tags_for_resource,
        }

    def list_clusters(self, call: Call) -> Document:
        """The region's one cluster."""
        return {"clusters": [self._names.cluster(call.region)]}

    def describe_cluster(self, call: Call) -> Document:
        """The region's cluster, tagged with the release that its workers run."""
        self._demand_cluster(call, call.parameters["name"])
        cluster = {
            "name": self._names.cluster(call.region),
            "arn": self._names.cluster_arn(call.region),
            "createdAt": self._created,
            "status": "ACTIVE",
            "tags": self._tags(),
        }
        return {"cluster": cluster}

    def list_nodegroups(self, call: Call) -> Document:
        """The cluster's one node group."""
        self._demand_cluster(call, call.parameters["clusterName"])
        return {"nodegroups": [NODE_GROUP]}

    def describe_nodegroup(self, call: Call) -> Document:
        """The node group; its size is the number of workers that the lab was opened with."""
        self._demand_cluster(call, call.parameters["clusterName"])
        asked = call.parameters["nodegroupName"]
        if asked != NODE_GROUP:
            raise AwsFault("ResourceNotFoundException", f"No node group found for name: {asked}.")
        sizes = {"minSize": self._workers, "maxSize": self._workers, "desiredSize": self._workers}
        group = {
            "nodegroupName": NODE_GROUP,
            "nodegroupArn": self._names.node_group_arn(call.region, NODE_GROUP),
            "clusterName": self._names.cluster(call.region),
            "createdAt": self._created,
            "modifiedAt": self._created,
            "status": "ACTIVE",
            "scalingConfig": sizes,
            "labels": self._tags(),
            "tags": self._tags(),
        }
        return {"nodegroup": group}

    def list_tags_for_resource(self, call: Call) -> Document:
        """The tags of the cluster or of its node group."""
        here = {self._names.cluster_arn(call.region), self._names.node_group_arn(call.region, NODE_GROUP)}
        asked = call.parameters["resourceArn"]
        if asked not in here:
            raise AwsFault("NotFoundException", f"No resource was found with the ARN {asked}")
        return {"tags": self._tags()}

    def _demand_cluster(self, call: Call, asked: str) -> None:
        if asked != self._names.cluster(call.region):
            raise AwsFault("ResourceNotFoundException", f"No cluster found for name: {asked}.")

    def _tags(self) -> dict[str, str]:
        return {"release": self._target.release}
