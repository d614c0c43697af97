"""The pilot light: no workers before, scaled out when the primary is lost, and no customer let in before they can carry the load."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.aws.failover_record import secondary_health_check
from drdrill.aws.front_door import Answer, ask
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen
from drdrill.model.mark import CAPACITY_READY
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.pilot_light"
CARRY_S = 1.0
"""For how long the offered load is tried before customers are let in."""


class NodeGroup(Frozen):
    """The one node group of the recovery region's one cluster, as EKS shows it."""

    cluster: str
    name: str
    status: str
    desired: int
    most: int
    release: str | None


class Carried(Frozen):
    """A trial of the offered load: reads that were due, those answered well in time, and the slowest of the best 99 %."""

    due: int
    good: int
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.good} of {self.due} reads at the offered rate were answered in time (p99 {self.p99_ms:.0f} ms)"


def node_group_of(aws: AwsClients, region: str) -> NodeGroup:
    """The node group of a region. Raises ``Unprovable`` unless there is exactly one, and boto3's own errors (``AwsError``)."""
    eks = aws.eks(region)
    clusters = eks.list_clusters()["clusters"]
    groups = [
        (cluster, group) for cluster in clusters for group in eks.list_nodegroups(clusterName=cluster)["nodegroups"]
    ]
    if len(groups) != 1:
        raise Unprovable(f"{region} has {len(groups)} node groups; the pilot light is exactly one")
    ((cluster, name),) = groups
    found = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
    sizes = found.get("scalingConfig", {})
    return NodeGroup(
        cluster=cluster,
        name=name,
        status=found.get("status", "unknown"),
        desired=sizes.get("desiredSize", 0),
        most=sizes.get("maxSize", 0),
        release=found.get("tags", {}).get("release"),
    )


def scale_out(scene: Scene) -> str:
    """Ask for as many workers in the recovery region as a region has; that they run is another matter.

    Raises ``Unprovable`` when AWS refuses, or the node group may not become that large.
    """
    target = scene.session.estate.target
    region, needed = target.recovery_region, target.workers_per_region
    scene.aws.refuse_to_change_the_wrong_estate()
    try:
        group = node_group_of(scene.aws, region)
        if group.most < needed:
            raise Unprovable(
                f"not scaled out: {group.name} in {region} may have {group.most} nodes, and {needed} are needed"
            )
        scene.aws.eks(region).update_nodegroup_config(
            clusterName=group.cluster,
            nodegroupName=group.name,
            scalingConfig={"minSize": needed, "desiredSize": needed, "maxSize": group.most},
        )
    except AwsError as error:
        raise Unprovable(f"{region} was not scaled out: {error}") from error
    return f"{group.name} in {region} was asked to grow from {group.desired} to {needed}"


def wait_until_capacity(scene: Scene, *, limit_s: float) -> str:
    """Wait until all workers are ready behind the load balancer and the offered load is carried; marks ``capacity.ready``.

    The load is reads alone, sent past the name to the recovery region's load balancer at the plan's rate.
    Raises ``Unprovable`` after the limit.
    """
    target = scene.session.estate.target
    region, needed = target.recovery_region, target.workers_per_region
    last: list[object] = []

    def enough() -> tuple[int, Carried] | None:
        try:
            ready = _ready_workers(scene.aws, region, target.load_balancers[region])
        except AwsError as error:
            last[:] = [error]
            return None
        last[:] = [f"{ready} of {needed} workers are ready"]
        if ready < needed:
            return None
        carried = _carry(scene, region)
        last.append(carried)
        return (ready, carried) if carried.good >= scene.drill.service_level.good_share * carried.due else None

    ready, carried = wait_until(
        f"{needed} workers in {region} carry the load", enough, limit_s=limit_s, every_s=0.1, seen=lambda: last
    )
    rate = scene.drill.traffic.rate_per_s
    told = {"ready": ready, "needed": needed, "offered_per_s": rate, **carried.model_dump()}
    scene.marks.add(CAPACITY_READY, SOURCE, region=region, **told)
    return f"{ready} of {needed} workers in {region} are ready; {carried}"


def let_customers_in(scene: Scene) -> str:
    """Open the gate: the health check on the SECONDARY record, which was held unhealthy, looks at the endpoint from now on.

    Raises ``Unprovable`` when Route 53 refuses.
    """
    scene.aws.refuse_to_change_the_wrong_estate()
    try:
        check = secondary_health_check(scene.aws)
        scene.aws.route53().update_health_check(HealthCheckId=check, Disabled=False, Inverted=False)
    except AwsError as error:
        raise Unprovable(f"customers are still kept out of the recovery region: {error}") from error
    return f"the health check {check} on the SECONDARY record counts from now on"


def _ready_workers(aws: AwsClients, region: str, balancer: str) -> int:
    """Healthy targets behind the region's load balancer, which is named by the target."""
    elbv2 = aws.elbv2(region)
    (found,) = elbv2.describe_load_balancers(Names=[balancer])["LoadBalancers"]
    groups = elbv2.describe_target_groups(LoadBalancerArn=found.get("LoadBalancerArn", ""))["TargetGroups"]
    health = [
        target
        for group in groups
        for target in elbv2.describe_target_health(TargetGroupArn=group.get("TargetGroupArn", ""))[
            "TargetHealthDescriptions"
        ]
    ]
    return sum(target.get("TargetHealth", {}).get("State") == "healthy" for target in health)


def _carry(scene: Scene, region: str) -> Carried:
    """Send balance enquiries by the clock, at the plan's rate, and see how many are answered well within the latency."""
    traffic, level = scene.drill.traffic, scene.drill.service_level
    due = max(1, math.ceil(traffic.rate_per_s * CARRY_S))
    door = scene.session.estate.front_doors[region]

    def read(number: int) -> bool:
        answer = ask(door, f"/accounts/{number % traffic.accounts}/balance", limit_s=level.latency_s)
        return isinstance(answer, Answer) and answer.status == 200

    taken_ms = _by_the_clock([partial(read, number) for number in range(due)], traffic.rate_per_s)
    good = sorted(ms for ms in taken_ms if ms is not None and ms <= level.latency_s * 1000)
    return Carried(due=due, good=len(good), p99_ms=good[math.ceil(0.99 * len(good)) - 1] if good else 0.0)


def _by_the_clock(asks: list[Callable[[], bool]], rate_per_s: float) -> list[float | None]:
    """Each question when it is due, whatever became of those before; milliseconds from due to answer, None for a bad one."""
    began, never = time.monotonic(), threading.Event()

    def at(number: int) -> float | None:
        due = began + number / rate_per_s
        never.wait(max(0.0, due - time.monotonic()))
        return (time.monotonic() - due) * 1000 if asks[number]() else None

    with ThreadPoolExecutor(min(64, len(asks))) as pool:
        return list(pool.map(at, range(len(asks))))
