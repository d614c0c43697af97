"""The gateway as boto3 sees it: identity, refusals, darkness, audit."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from drdrill.lab.gateway import coverage

from .conftest import HYDERABAD, MUMBAI, RunningGateway

pytestmark = pytest.mark.lab


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_the_account_is_the_targets(gateway: RunningGateway) -> None:
    assert gateway.client("sts", "us-east-1").get_caller_identity()["Account"] == gateway.target.account_id


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("rds", "failover_db_cluster", {"DBClusterIdentifier": "x"}),
        ("rds", "create_db_cluster", {"DBClusterIdentifier": "x", "Engine": "aurora-postgresql"}),
        ("route53", "create_traffic_policy", {"Name": "x", "Document": "{}"}),
        ("cloudfront", "create_invalidation", {"DistributionId": "x", "InvalidationBatch": {"Paths": {"Quantity": 0}, "CallerReference": "x"}}),
        ("elbv2", "deregister_targets", {"TargetGroupArn": "x", "Targets": [{"Id": "x"}]}),
        ("eks", "delete_nodegroup", {"clusterName": "x", "nodegroupName": "x"}),
        ("cloudwatch", "set_alarm_state", {"AlarmName": "x", "StateValue": "OK", "StateReason": "x"}),
        ("dynamodb", "list_tables", {}),
        ("s3", "list_buckets", {}),
        ("s3", "put_object", {"Bucket": "x", "Key": "y", "Body": b"z"}),
        ("iam", "list_roles", {}),
        ("ssm", "start_automation_execution", {"DocumentName": "x"}),
        ("fis", "list_actions", {}),
        ("arc-zonal-shift", "list_zonal_shifts", {}),
        ("route53-recovery-cluster", "list_routing_controls", {}),
        ("drs", "describe_jobs", {}),
        ("lambda", "invoke", {"FunctionName": "x"}),
        ("elb", "describe_load_balancers", {}),
        ("ec2", "describe_instances", {}),
        ("sqs", "list_queues", {}),
    ],
)  # fmt: skip
def test_what_the_lab_does_not_have_is_refused_in_the_services_own_words(
    gateway: RunningGateway, service: str, operation: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(gateway.client(service), operation)(**arguments)
    assert code(refused) == "NotImplementedInLab"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_refusal_is_not_retried(gateway: RunningGateway, mode: str) -> None:
    patient = gateway.client("rds", HYDERABAD, retries={"total_max_attempts": 5, "mode": mode})
    with pytest.raises(ClientError) as refused:
        patient.create_db_cluster(DBClusterIdentifier="x", Engine="aurora-postgresql")
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    patient.close()


def test_a_region_outside_the_target_is_not_in_the_lab(gateway: RunningGateway) -> None:
    with pytest.raises(ClientError) as refused:
        gateway.client("rds", "us-east-1").describe_db_clusters()
    assert code(refused) == "NotImplementedInLab"


def test_an_unsigned_call_is_refused(gateway: RunningGateway) -> None:
    from botocore import UNSIGNED

    anonymous = gateway.client("sts", HYDERABAD, signature_version=UNSIGNED)
    with pytest.raises(ClientError) as refused:
        anonymous.get_caller_identity()
    assert code(refused) == "MissingAuthenticationToken"
    anonymous.close()


def test_a_dark_region_hangs_until_its_client_leaves_and_the_other_answers(gateway: RunningGateway, until) -> None:
    impatient = gateway.client("rds", MUMBAI, read_timeout=0.5)
    gateway.darken(MUMBAI)
    try:
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            impatient.describe_db_clusters()
        assert 0.4 < time.monotonic() - began < 3
        until("the call's thread is free", lambda: gateway.status()["hanging"] == 0, 3)
        assert gateway.status()["dark"] == [MUMBAI]
        hung = [line for line in gateway.trail() if line["error"] == "hung in the dark"]
        assert (hung[-1]["service"], hung[-1]["region"], hung[-1]["status"]) == ("rds", MUMBAI, None)
        assert gateway.client("rds", HYDERABAD).describe_global_clusters()["GlobalClusters"]
        for service in ("route53", "cloudfront", "sts"):
            _ask(gateway, service)
    finally:
        gateway.darken(MUMBAI, dark=False)
        impatient.close()
    assert gateway.client("rds", MUMBAI).describe_db_clusters()["DBClusters"]


def _ask(gateway: RunningGateway, service: str) -> None:
    """Signed for the dark region, as clients of global services may do."""
    client = gateway.client(service, MUMBAI)
    calls = {"route53": "list_hosted_zones", "cloudfront": "list_distributions", "sts": "get_caller_identity"}
    getattr(client, calls[service])()


def test_many_hanging_calls_keep_nobody_else_waiting(gateway: RunningGateway, until) -> None:
    from concurrent.futures import ThreadPoolExecutor

    clients = [gateway.client("rds", MUMBAI, read_timeout=1.5) for _ in range(3)]
    gateway.darken(MUMBAI)
    try:
        with ThreadPoolExecutor(30) as pool:
            calls = [pool.submit(clients[n % 3].describe_db_clusters) for n in range(30)]
            until("they hang", lambda: gateway.status()["hanging"] >= 20, 5)
            began = time.monotonic()
            gateway.client("elbv2", HYDERABAD).describe_load_balancers()
            assert time.monotonic() - began < 1
            assert all(isinstance(call.exception(), ReadTimeoutError) for call in calls)
        until("all are freed", lambda: gateway.status()["hanging"] == 0, 3)
    finally:
        gateway.darken(MUMBAI, dark=False)
        for client in clients:
            client.close()


def test_every_call_is_in_the_audit_trail(gateway: RunningGateway) -> None:
    gateway.client("elbv2", HYDERABAD).describe_load_balancers()
    newest = gateway.trail()[-1]
    assert (newest["service"], newest["operation"], newest["region"]) == ("elbv2", "DescribeLoadBalancers", HYDERABAD)
    assert (newest["status"], newest["mutating"], newest["error"]) == (200, False, None)
    with pytest.raises(ClientError):
        gateway.client("rds", HYDERABAD).create_db_cluster(DBClusterIdentifier="x", Engine="aurora-postgresql")
    newest = gateway.trail()[-1]
    assert (newest["status"], newest["mutating"], newest["error"]) == (501, True, "NotImplementedInLab")


def test_the_admins_door_wants_the_token_and_a_region_of_the_lab(gateway: RunningGateway) -> None:
    assert gateway.admin("GET", "/status", token="wrong")[0] == 403
    assert gateway.admin("POST", "/dark", {"region": "us-east-1", "dark": True})[0] == 400
    assert gateway.admin("POST", "/dark", {"region": MUMBAI})[0] == 400
    assert gateway.admin("GET", "/nothing")[0] == 404


OF_MULTI_AZ = {("rds", name) for name in ("RebootDBInstance", "PromoteReadReplica", "DescribeEvents")}


OF_OTHERS = {
    "cloudfront": ("UpdateDistribution",),
    "dynamodb": ("DescribeTable", "GetItem", "PutItem", "Scan"),
    "eks": ("DescribeUpdate", "UpdateNodegroupConfig"),
    "rds": (
        "CopyDBClusterSnapshot",
        "CopyDBSnapshot",
        "CreateDBInstance",
        "CreateDBSnapshot",
        "DeleteDBCluster",
        "DeleteDBInstance",
        "DeleteDBSnapshot",
        "DescribeDBSnapshots",
        "RestoreDBClusterFromSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
    ),
}
"""Other strategies, a second zone and a rescue have these: tests/lab/test_snapshot_copy.py, tests/lab/planes, tests/lab/gateway/test_rds.py ask them."""
ELSEWHERE = {(service, name) for service, names in OF_OTHERS.items() for name in names}


def test_what_belongs_to_another_data_strategy_is_refused(gateway: RunningGateway) -> None:
    """Those operations are in the table, and this lab has no Multi-AZ instance that they could act on."""
    with pytest.raises(ClientError, match="RebootDBInstance with this data strategy") as refused:
        gateway.client("rds", MUMBAI).reboot_db_instance(DBInstanceIdentifier="bank-ledger", ForceFailover=True)
    assert refused.value.response["Error"]["Code"] == "NotImplementedInLab"


def test_each_listed_native_or_moto_operation_answers(gateway: RunningGateway) -> None:
    """Whatever it answers to nonsense, it is an answer of that operation: never NotImplementedInLab, never a failure of the lab."""
    arguments = _arguments(gateway)
    listed = {(e.service, e.operation) for e in coverage.ENTRIES if e.by != "not in lab"}
    assert listed - OF_MULTI_AZ - ELSEWHERE == set(arguments)
    for (service, operation), given in sorted(arguments.items()):
        client = gateway.client(service)
        method = next(name for name, real in client.meta.method_to_api_mapping.items() if real == operation)
        try:
            getattr(client, method)(**given)
        except ClientError as error:
            assert error.response["Error"]["Code"] not in ("NotImplementedInLab", "InternalFailure", "500"), (
                operation,
                error,
            )


def test_each_operation_listed_as_missing_is_refused(gateway: RunningGateway) -> None:
    for entry in coverage.ENTRIES:
        if entry.by != "not in lab":
            continue
        client = gateway.client(entry.service)
        method = next(name for name, real in client.meta.method_to_api_mapping.items() if real == entry.operation)
        given = _filled(client.meta.service_model.operation_model(entry.operation).input_shape)
        with pytest.raises(ClientError) as refused:
            getattr(client, method)(**given)
        assert code(refused) == "NotImplementedInLab", entry


def _filled(shape, depth: int = 0):
    """The least that botocore's own validation lets through."""
    if shape is None:
        return {}
    match shape.type_name:
        case "structure":
            return {name: _filled(shape.members[name], depth + 1) for name in shape.required_members}
        case "list":
            return [_filled(shape.member, depth + 1)] * shape.metadata.get("min", 0)
        case "map":
            return {}
        case "integer" | "long":
            return shape.metadata.get("min", 1)
        case "boolean":
            return False
        case "timestamp":
            return 0
        case "blob":
            return b"x"
        case "double" | "float":
            return 1.0
        case _:
            return (shape.enum or ["x" * max(5, shape.metadata.get("min", 1))])[0]


def _arguments(gateway: RunningGateway) -> dict[tuple[str, str], dict[str, object]]:
    route53 = gateway.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    record = {"Name": "t.bank.example", "Type": "TXT", "TTL": 1, "ResourceRecords": [{"Value": '"t"'}]}
    check = {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": 1, "RequestInterval": 30, "FailureThreshold": 3}
    node_group = {"clusterName": "test-lab-ap-south-2", "nodegroupName": "workers"}
    metric = {
        "Namespace": "x",
        "MetricName": "y",
        "StartTime": 0,
        "EndTime": 60,
        "Period": 60,
        "Statistics": ["Average"],
    }
    stat = {"Metric": {"Namespace": "x", "MetricName": "y"}, "Period": 60, "Stat": "Average"}
    query = {"MetricDataQueries": [{"Id": "a", "MetricStat": stat}], "StartTime": 0, "EndTime": 60}
    return {
        ("rds", "DescribeGlobalClusters"): {},
        ("rds", "FailoverGlobalCluster"): {"GlobalClusterIdentifier": "x", "TargetDbClusterIdentifier": "x"},
        ("rds", "SwitchoverGlobalCluster"): {"GlobalClusterIdentifier": "x", "TargetDbClusterIdentifier": "x"},
        ("rds", "RemoveFromGlobalCluster"): {"GlobalClusterIdentifier": "x", "DbClusterIdentifier": "x"},
        ("rds", "DescribeDBClusters"): {},
        ("rds", "DescribeDBInstances"): {},
        ("rds", "DescribeDBClusterSnapshots"): {},
        ("route53", "GetHealthCheckStatus"): {"HealthCheckId": "x"},
        ("route53", "GetHealthCheckLastFailureReason"): {"HealthCheckId": "x"},
        ("route53", "TestDNSAnswer"): {"HostedZoneId": zone, "RecordName": "x.bank.example", "RecordType": "A"},
        ("route53", "CreateHostedZone"): {"Name": "other.example", "CallerReference": "x"},
        ("route53", "DeleteHostedZone"): {"Id": "x"},
        ("route53", "GetHostedZone"): {"Id": zone},
        ("route53", "ListHostedZones"): {},
        ("route53", "ListHostedZonesByName"): {},
        ("route53", "ListResourceRecordSets"): {"HostedZoneId": zone},
        ("route53", "ChangeResourceRecordSets"): {
            "HostedZoneId": zone,
            "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
        },
        ("route53", "GetChange"): {"Id": "C1"},
        ("route53", "CreateHealthCheck"): {"CallerReference": "x", "HealthCheckConfig": check},
        ("route53", "UpdateHealthCheck"): {"HealthCheckId": "x"},
        ("route53", "GetHealthCheck"): {"HealthCheckId": "x"},
        ("route53", "ListHealthChecks"): {},
        ("route53", "DeleteHealthCheck"): {"HealthCheckId": "x"},
        ("cloudfront", "GetDistribution"): {"Id": "x"},
        ("cloudfront", "GetDistributionConfig"): {"Id": "x"},
        ("cloudfront", "ListDistributions"): {},
        ("elbv2", "DescribeLoadBalancers"): {},
        ("elbv2", "DescribeTargetGroups"): {},
        ("elbv2", "DescribeTargetHealth"): {"TargetGroupArn": "x"},
        ("eks", "ListClusters"): {},
        ("eks", "DescribeCluster"): {"name": node_group["clusterName"]},
        ("eks", "ListNodegroups"): {"clusterName": node_group["clusterName"]},
        ("eks", "DescribeNodegroup"): dict(node_group),
        ("eks", "ListTagsForResource"): {"resourceArn": "x"},
        ("cloudwatch", "GetMetricStatistics"): metric,
        ("cloudwatch", "GetMetricData"): query,
        ("cloudwatch", "ListMetrics"): {},
        ("cloudwatch", "PutMetricData"): {"Namespace": "x", "MetricData": [{"MetricName": "y", "Value": 1.0}]},
        ("ecr", "DescribeRepositories"): {},
        ("sts", "GetCallerIdentity"): {},
    }
