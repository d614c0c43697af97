"""Amazon EKS of the lab: one cluster and one node group per region, with the workers as its nodes.

A pilot light's node group can be scaled: its nodes are worker processes, which really start and end.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from drdrill.errors import EstateError
from drdrill.lab.control import LabControl
from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.config import Timings
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.operation import Operation
from drdrill.model.target import Target

NODE_GROUP = "workers"
Document = dict[str, Any]


@dataclass
class Scaling:
    """One change of a node group's size, as DescribeUpdate shows it."""

    sizes: dict[str, int]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(tz=UTC))
    status: str = "InProgress"
    problem: str = ""

    def document(self) -> Document:
        """As AWS shows it."""
        params = [{"type": key[0].upper() + key[1:], "value": str(size)} for key, size in self.sizes.items()]
        errors = [{"errorCode": "NodeCreationFailure", "errorMessage": self.problem}] if self.problem else []
        return {
            "id": self.id,
            "status": self.status,
            "type": "ConfigUpdate",
            "params": params,
            "createdAt": self.at,
            "errors": errors,
        }


class Eks:
    """The native operations: moto's own would need its whole EC2 for records without anything behind them."""

    def __init__(self, target: Target, settings: Timings, supervisor: LabControl | None = None) -> None:
        self._target = target
        self._names = AwsNames(target)
        self._supervisor = supervisor
        self._cold = target.recovery_region if settings.strategy.application == "pilot-light" else None
        self._most = settings.workers_per_region
        self._sizes = {region: self._sizes_of(0 if region == self._cold else self._most) for region in target.regions}
        self._scalings: dict[tuple[str, str], Scaling] = {}
        self._lock = threading.Lock()
        self._created = datetime.now(tz=UTC)

    def _sizes_of(self, size: int) -> dict[str, int]:
        return {"minSize": size, "maxSize": self._most, "desiredSize": size}

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "ListClusters": self.list_clusters,
            "DescribeCluster": self.describe_cluster,
            "ListNodegroups": self.list_nodegroups,
            "DescribeNodegroup": self.describe_nodegroup,
            "UpdateNodegroupConfig": self.update_nodegroup_config,
            "DescribeUpdate": self.describe_update,
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
        """The node group; its size is that of the newest change, which is under way while it is UPDATING."""
        self._demand_group(call)
        group = {
            "nodegroupName": NODE_GROUP,
            "nodegroupArn": self._names.node_group_arn(call.region, NODE_GROUP),
            "clusterName": self._names.cluster(call.region),
            "createdAt": self._created,
            "modifiedAt": self._created,
            "status": "UPDATING" if self._is_scaling(call.region) else "ACTIVE",
            "scalingConfig": self._sizes[call.region],
            "labels": self._tags(),
            "tags": self._tags(),
        }
        return {"nodegroup": group}

    def update_nodegroup_config(self, call: Call) -> Document:
        """Scale the pilot light's node group: that many workers of the bank run when the update is successful."""
        self._demand_group(call)
        if call.region != self._cold or self._supervisor is None:
            raise NotInLab("scaling of a node group that is no pilot light's")
        asked = call.parameters.get("scalingConfig") or {}
        unknown = sorted({"labels", "taints", "updateConfig"} & call.parameters.keys())
        if unknown or not asked:
            raise NotInLab("updates of a node group without sizes, or with more than sizes")
        sizes = {**self._sizes[call.region], **asked}
        if not 0 <= sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
            raise AwsFault("InvalidParameterException", f"sizes must ascend from min to desired to max: {sizes}")
        if sizes["maxSize"] > self._most:
            raise AwsFault("InvalidParameterException", f"the lab has room for {self._most} workers in a region")
        scaling = Scaling(sizes)
        with self._lock:
            if self._is_scaling(call.region):
                raise AwsFault("ResourceInUseException", f"Nodegroup {NODE_GROUP} has an update in progress")
            self._scalings[call.region, scaling.id] = scaling
            self._sizes[call.region] = sizes
        threading.Thread(target=self._scale, args=(call.region, scaling), name="scaling", daemon=True).start()
        return {"update": scaling.document()}

    def describe_update(self, call: Call) -> Document:
        """One change of a node group's size."""
        found = self._scalings.get((call.region, call.parameters["updateId"]))
        if found is None or call.parameters["name"] != self._names.cluster(call.region):
            raise AwsFault("ResourceNotFoundException", f"No update found for ID: {call.parameters['updateId']}")
        return {"update": found.document()}

    def _scale(self, region: str, scaling: Scaling) -> None:
        assert self._supervisor is not None
        try:
            self._supervisor.scale_workers(region, scaling.sizes["desiredSize"])
        except EstateError as error:
            scaling.problem, scaling.status = str(error), "Failed"
            return
        scaling.status = "Successful"

    def _is_scaling(self, region: str) -> bool:
        return any(one.status == "InProgress" for (where, _), one in self._scalings.items() if where == region)

    def list_tags_for_resource(self, call: Call) -> Document:
        """The tags of the cluster or of its node group."""
        here = {self._names.cluster_arn(call.region), self._names.node_group_arn(call.region, NODE_GROUP)}
        asked = call.parameters["resourceArn"]
        if asked not in here:
            raise AwsFault("NotFoundException", f"No resource was found with the ARN {asked}")
        return {"tags": self._tags()}

    def _demand_group(self, call: Call) -> None:
        self._demand_cluster(call, call.parameters["clusterName"])
        asked = call.parameters["nodegroupName"]
        if asked != NODE_GROUP:
            raise AwsFault("ResourceNotFoundException", f"No node group found for name: {asked}.")

    def _demand_cluster(self, call: Call, asked: str) -> None:
        if asked != self._names.cluster(call.region):
            raise AwsFault("ResourceNotFoundException", f"No cluster found for name: {asked}.")

    def _tags(self) -> dict[str, str]:
        return {"release": self._target.release}
