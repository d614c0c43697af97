"""Where the target's resources really are, read from the APIs: what may not leave the country is looked for, not assumed."""

from __future__ import annotations

import re

from drdrill.aws.clients import AwsClients
from drdrill.aws.global_cluster import describe_global_cluster, region_of
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


class Placed(Frozen):
    """One resource, and the region that its own name (ARN, host name) gives away."""

    resource: str
    region: str


def resources_outside(clients: AwsClients) -> tuple[Placed, ...]:
    """Every resource of the target that lies outside its allowed regions.

    Raises boto3's own errors (``AwsError``) or ``Unprovable`` when a region cannot be asked: what was not seen is not inside.
    """
    allowed = clients.estate.target.allowed_regions
    return tuple(placed for placed in placements(clients) if placed.region not in allowed)


def unseen_by_any_api(clients: AwsClients) -> str:
    """What of the target no AWS API shows, as a clause for a sentence; empty when everything was looked for."""
    if clients.estate.strategy.data == "native-replication":
        return "the databases, which the bank runs by itself, are not looked for"
    return ""


def placements(clients: AwsClients) -> list[Placed]:
    """Every resource of the target with its region: databases, load balancers, target groups, clusters, images, origins."""
    target = clients.estate.target
    found = [_by_arn(arn) for arn in _members(clients)]
    for region in target.regions:
        found += _in_region(clients, region)
    return found + _origins(clients)


def _members(clients: AwsClients) -> tuple[str, ...]:
    """The clusters of the global database, in a strategy that has one."""
    if clients.estate.strategy.data != "aurora-global":
        return ()
    return describe_global_cluster(clients, clients.estate.target.recovery_region).member_arns


def _databases(clients: AwsClients, region: str) -> list[str]:
    """The databases of a region: Aurora's clusters, or the DB instances of the other strategies, and their snapshots.

    Raises ``Unprovable`` when the target names one and the API lists none.
    """
    if clients.estate.strategy.data == "native-replication":
        return []
    found = _listed_databases(clients, region)
    _refuse_unseen(f"a database in {region}", found)
    return found


def _listed_databases(clients: AwsClients, region: str) -> list[str]:
    rds = clients.rds(region)
    if clients.estate.strategy.data != "aurora-global":
        instances = rds.get_paginator("describe_db_instances").paginate()
        arns = [found.get("DBInstanceArn", "") for page in instances for found in page["DBInstances"]]
        if clients.estate.strategy.data == "snapshot-copy":
            snapshots = rds.get_paginator("describe_db_snapshots").paginate()
            arns += [found.get("DBSnapshotArn", "") for page in snapshots for found in page["DBSnapshots"]]
        return arns
    clusters = rds.get_paginator("describe_db_clusters").paginate()
    return [found.get("DBClusterArn", "") for page in clusters for found in page["DBClusters"]]


def _by_arn(arn: str) -> Placed:
    return Placed(resource=arn, region=region_of(arn))


def _in_region(clients: AwsClients, region: str) -> list[Placed]:
    elbv2, eks, ecr = clients.elbv2(region), clients.eks(region), clients.ecr(region)
    balancers = [
        found.get("LoadBalancerArn", "")
        for page in elbv2.get_paginator("describe_load_balancers").paginate()
        for found in page["LoadBalancers"]
    ]
    groups = [
        found.get("TargetGroupArn", "")
        for page in elbv2.get_paginator("describe_target_groups").paginate()
        for found in page["TargetGroups"]
    ]
    databases = _databases(clients, region)
    names = [name for page in eks.get_paginator("list_clusters").paginate() for name in page["clusters"]]
    kubernetes = [eks.describe_cluster(name=name)["cluster"].get("arn", "") for name in names]
    images = [
        found.get("repositoryArn", "")
        for page in ecr.get_paginator("describe_repositories").paginate()
        for found in page["repositories"]
    ]
    # The target names these, so an empty list means that they were not seen, never that they are at home.
    _refuse_unseen(f"a load balancer in {region}", balancers)
    return [_by_arn(arn) for arn in (*databases, *balancers, *groups, *kubernetes, *images)]


def _refuse_unseen(what: str, found: list[str]) -> None:
    if not found:
        raise Unprovable(f"residency is not shown: the target names {what}, and the API lists none")


def _origins(clients: AwsClients) -> list[Placed]:
    pages = clients.cloudfront().get_paginator("list_distributions").paginate()
    listed = [item for page in pages for item in page.get("DistributionList", {}).get("Items", [])]
    placed: list[Placed] = []
    for name in clients.estate.target.distributions.values():
        ours = [
            item
            for item in listed
            if name in (item["Id"], item.get("Comment", ""), *item.get("Aliases", {}).get("Items", []))
        ]
        _refuse_unseen(f"the distribution {name!r}", [item["Id"] for item in ours])
        for item in ours:
            hosts = [origin["DomainName"] for origin in item["Origins"]["Items"]]
            placed += [Placed(resource=f"{item['Id']} origin {host}", region=_region_in(host)) for host in hosts]
    return placed


def _region_in(host: str) -> str:
    """The region in a host name such as ``bank-1.ap-south-1.elb.amazonaws.com``; the host itself when it names none."""
    named = [part for part in host.split(".") if _REGION.fullmatch(part)]
    return named[0] if len(named) == 1 else host
