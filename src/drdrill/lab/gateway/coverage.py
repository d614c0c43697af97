"""Which AWS operations the lab answers, and who answers them: data, from which the documentation is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

By = Literal["native", "moto", "not in lab"]


@dataclass(frozen=True)
class Entry:
    """One operation. ``note`` says what is real about it, or why it is not there."""

    service: str
    operation: str
    by: By
    note: str


def _entries(service: str, by: By, notes: dict[str, str]) -> list[Entry]:
    return [Entry(service, operation, by, note) for operation, note in notes.items()]


ENTRIES: tuple[Entry, ...] = (
    *_entries(
        "rds",
        "native",
        {
            "DescribeGlobalClusters": "roles from the control plane; SynchronizationStatus from the standby itself",
            "FailoverGlobalCluster": "with AllowDataLoss: fences the old primary if it can be reached, really promotes the standby",
            "SwitchoverGlobalCluster": "loses nothing: the standby gets all, is promoted, and the old primary really follows it",
            "RemoveFromGlobalCluster": "detaches; a secondary is really promoted to a standalone cluster",
            "DescribeDBClusters": "status, endpoint, version and whether a second zone holds every commit, from the databases at this moment",
            "DescribeDBInstances": "one instance per cluster, or two (active-active); `failed` when its database does not answer",
            "DescribeDBClusterSnapshots": "the snapshot of an unplanned failover: a real copy of the old primary, made before it rejoins",
            "CopyDBClusterSnapshot": "really copied, within its region",
            "RestoreDBClusterFromSnapshot": "a real copy becomes a cluster of its own, one for each region",
            "CreateDBInstance": "of a restored cluster: its server is really started; active-active, a second one in zone b: a real standby, every commit waits for it",
            "DeleteDBInstance": "of a restored cluster; active-active, the second one: commits wait for it no more",
            "DeleteDBCluster": "a restored cluster alone: its server is ended, its data are forgotten",
        },
    ),
    *_entries(
        "rds",
        "native",
        {
            "CreateDBSnapshot": "snapshot-copy: a real base backup of the running server, the log up to its end included",
            "CopyDBSnapshot": "snapshot-copy: every byte really crosses the link between the regions; asked for where it shall come to",
            "DescribeDBSnapshots": "snapshot-copy: status and progress as the region's shelf says at this moment",
            "DeleteDBSnapshot": "snapshot-copy: its files are removed",
            "RestoreDBInstanceFromDBSnapshot": "snapshot-copy: a new server from the backup, which PostgreSQL verifies; `failed` if it is not sound",
            "RebootDBInstance": "Multi-AZ, with ForceFailover: the primary is killed, its standby really takes over, a new standby is built",
            "PromoteReadReplica": "Multi-AZ: a replica is really promoted, and stands alone",
            "DescribeEvents": "Multi-AZ: what happened to the instance, in RDS's words",
        },
    ),
    *_entries(
        "rds",
        "not in lab",
        {
            "ModifyGlobalCluster": "not in moto",
            "CreateGlobalCluster": "would make a record without a database",
            "DeleteGlobalCluster": "would delete a record, and no database",
            "CreateDBCluster": "would make a record without a database",
            "FailoverDBCluster": "no second instance is promoted within its region; moto flips the record only",
            "CreateDBClusterSnapshot": "would make a record without a backup",
            "StopDBCluster": "would change a record, and no database",
            "CreateDBInstanceReadReplica": "the replicas of a Multi-AZ lab are there from its opening",
        },
    ),
    *_entries(
        "route53",
        "native",
        {
            "GetHealthCheckStatus": "three checkers, real requests, their own words",
            "GetHealthCheckLastFailureReason": "the last failure that each checker saw",
            "TestDNSAnswer": "the same function that the name server answers with",
        },
    ),
    *_entries(
        "route53",
        "moto",
        {
            "CreateHostedZone": "served by the name server at once",
            "DeleteHostedZone": "no longer served",
            "GetHostedZone": "",
            "ListHostedZones": "",
            "ListHostedZonesByName": "",
            "ListResourceRecordSets": "",
            "ChangeResourceRecordSets": "simple, failover and weighted record sets; others are refused; in sync at once",
            "GetChange": "",
            "CreateHealthCheck": "HTTP, HTTP_STR_MATCH and TCP; really checked; settings that nothing would obey are refused",
            "UpdateHealthCheck": "Inverted and Disabled take effect within 0.2 s",
            "GetHealthCheck": "",
            "ListHealthChecks": "",
            "DeleteHealthCheck": "",
        },
    ),
    *_entries(
        "route53",
        "not in lab",
        {
            "CreateTrafficPolicy": "not in moto",
            "AssociateVPCWithHostedZone": "the lab has no VPC",
            "CreateQueryLoggingConfig": "would log nothing",
        },
    ),
    *_entries(
        "cloudfront",
        "moto",
        {
            "GetDistribution": "the two distributions, with a region's load balancer as origin",
            "GetDistributionConfig": "",
            "ListDistributions": "",
        },
    ),
    *_entries(
        "cloudfront",
        "native",
        {
            "UpdateDistribution": "`Enabled` alone: a disabled distribution really takes no connection; other changes are refused"
        },
    ),
    *_entries(
        "cloudfront",
        "not in lab",
        {
            "CreateDistribution": "no edge would serve it",
            "CreateInvalidation": "the edges cache nothing",
        },
    ),
    *_entries(
        "elbv2",
        "native",
        {
            "DescribeLoadBalancers": "one per region",
            "DescribeTargetGroups": "one per region",
            "DescribeTargetHealth": "as the region's load balancer sees its workers",
        },
    ),
    *_entries(
        "elbv2",
        "not in lab",
        {
            "RegisterTargets": "the load balancer would not follow",
            "DeregisterTargets": "the load balancer would not follow",
            "CreateLoadBalancer": "would make a record without a load balancer",
            "DeleteLoadBalancer": "would delete a record, and no load balancer",
        },
    ),
    *_entries(
        "eks",
        "native",
        {
            "ListClusters": "",
            "DescribeCluster": "one per region, tagged with the release",
            "ListNodegroups": "",
            "DescribeNodegroup": "`workers`, sized as the region's workers",
            "UpdateNodegroupConfig": "a pilot light's node group alone; the bank's workers really start and end",
            "DescribeUpdate": "successful when the workers listen",
            "ListTagsForResource": "",
        },
    ),
    *_entries(
        "eks",
        "not in lab",
        {
            "CreateNodegroup": "would start no worker",
        },
    ),
    *_entries(
        "cloudwatch",
        "moto",
        {
            "GetMetricStatistics": "Aurora's lag metrics, once a second, from the secondary's region; no percentiles",
            "GetMetricData": "the same; no percentiles, no metric math",
            "ListMetrics": "",
            "PutMetricData": "",
        },
    ),
    *_entries(
        "cloudwatch",
        "not in lab",
        {
            "PutMetricAlarm": "inert in moto: never evaluated",
            "SetAlarmState": "moto fires no action",
            "DescribeAlarms": "there are none",
        },
    ),
    *_entries("ecr", "native", {"DescribeRepositories": "none: the lab's workers run from no image"}),
    *_entries("sts", "native", {"GetCallerIdentity": "the target's account"}),
    *_entries("sts", "not in lab", {"AssumeRole": "moto checks no policy: a role that nobody may take would be taken"}),
    *_entries("iam", "not in lab", {"SimulatePrincipalPolicy": "not in moto"}),
    *_entries(
        "dynamodb",
        "moto",
        {
            "GetItem": "snapshot-copy: the table of the recovery, in the recovery region alone",
            "PutItem": "conditions hold: one call of the service at a time",
            "Scan": "",
            "DescribeTable": "",
        },
    ),
    *_entries("dynamodb", "not in lab", {"UpdateTable": "replicas are inert in moto"}),
    *_entries(
        "s3",
        "not in lab",
        {"PutBucketReplication": "stored by moto, and nothing is copied", "PutObject": "a later drill"},
    ),
    *_entries("fis", "not in lab", {"StartExperiment": "inert in moto: no action has any effect"}),
    *_entries(
        "ssm", "not in lab", {"StartAutomationExecution": "not in moto", "SendCommand": "always a success in moto"}
    ),
    *_entries("lambda", "not in lab", {"Invoke": "moto's simple back end runs no code"}),
    *_entries("events", "not in lab", {"PutRule": "schedules are inert in moto"}),
    *_entries("scheduler", "not in lab", {"CreateSchedule": "inert in moto"}),
    *_entries("backup", "not in lab", {"StartBackupJob": "not in moto"}),
    *_entries("autoscaling", "not in lab", {"SuspendProcesses": "the lab's workers are in no group"}),
    *_entries("route53-recovery-cluster", "not in lab", {"UpdateRoutingControlState": "not in moto"}),
    *_entries("arc-zonal-shift", "not in lab", {"StartZonalShift": "not in moto"}),
)

_BY_OPERATION = {(entry.service, entry.operation): entry for entry in ENTRIES}


def entry_of(service: str, operation: str) -> Entry:
    """Who answers an operation. What is not listed is not in the lab."""
    return _BY_OPERATION.get((service, operation)) or Entry(service, operation, "not in lab", "")


def served_by(by: By) -> frozenset[tuple[str, str]]:
    """Every (service, operation) that is answered so."""
    return frozenset(key for key, entry in _BY_OPERATION.items() if entry.by == by)


def as_markdown() -> str:
    """The table as a page of documentation."""
    lines = [
        "# What the lab answers of the AWS API",
        "",
        "Written by `python -m drdrill.lab.gateway.coverage`; a test fails when this page and the code differ.",
        "",
        "*native*: the lab's own, with a real data plane behind it. *moto*: moto keeps the state; what would be stored and then",
        "ignored is refused. *not in lab*: the error `NotImplementedInLab` (HTTP 501, not retried by AWS's clients). Every operation",
        "that is not listed, of these and of all other services, is not in the lab; so is every region but the target's two.",
        "",
        "A call signed for a dark region hangs until its client leaves. Route 53, CloudFront, IAM and STS are never dark.",
        "",
        "AWS has no status for a database whose processes are gone: its cluster is then `stopped`, its instance `failed`. An old",
        "primary that does not follow the new one yet is `modifying`. When its region can be reached again it follows by itself, as with",
        "Aurora: a copy of its data is kept as the snapshot, then they are rewound, or replaced by a base backup.",
        "",
        "| service | operation | by | remark |",
        "|---|---|---|---|",
    ]
    lines += [f"| {e.service} | {e.operation} | {e.by} | {e.note} |" for e in ENTRIES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(as_markdown())
