"""The global database through boto3, with real PostgreSQL behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from .conftest import HYDERABAD, MUMBAI, Pair, RunningGateway

pytestmark = pytest.mark.lab


def fail_over(pair: Pair, region: str = HYDERABAD, **more: object):
    asked = {
        "GlobalClusterIdentifier": "bank-ledger",
        "TargetDbClusterIdentifier": pair.arn(HYDERABAD),
        "AllowDataLoss": True,
    }
    return pair.gateway.client("rds", region).failover_global_cluster(**{**asked, **more})["GlobalCluster"]


def member(pair: Pair, region: str):
    return next(m for m in pair.global_cluster()["GlobalClusterMembers"] if m["DBClusterArn"] == pair.arn(region))


def lags(pair: Pair, region: str = HYDERABAD, metric: str = "AuroraGlobalDBReplicationLag") -> list[float]:
    now = datetime.now(tz=UTC)
    answer = pair.gateway.client("cloudwatch", region).get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName=metric,
        Dimensions=[{"Name": "DBClusterIdentifier", "Value": pair.gateway.target.aurora.clusters[region]}],
        StartTime=now - timedelta(seconds=180),
        EndTime=now + timedelta(seconds=1),
        Period=1,
        Statistics=["Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert all(point["Unit"] == "Milliseconds" for point in points)
    return [point["Maximum"] for point in points]


def test_a_lost_primary_is_replaced_by_the_really_promoted_standby(pair: Pair, until) -> None:
    until("Hyderabad follows", lambda: member(pair, HYDERABAD)["SynchronizationStatus"] == "connected")
    assert member(pair, MUMBAI)["IsWriter"]
    assert [pair.cluster(region)["Status"] for region in (MUMBAI, HYDERABAD)] == ["available", "available"]
    pair.mumbai.run("INSERT INTO payment VALUES (1)")
    until("the metric is published", lambda: lags(pair), 5)
    until("the payment is there", lambda: pair.hyderabad.run("SELECT * FROM payment") == [(1,)])
    assert 0 < lags(pair)[-1] < 1000
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        pair.hyderabad.run("INSERT INTO payment VALUES (2)")

    pair.gateway.darken(MUMBAI)
    pair.mumbai.kill()
    before = lags(pair)[-1]
    until("the lag grows while the primary is silent", lambda: lags(pair)[-1] > before + 1500, 8)
    begun = fail_over(pair)
    assert begun["Status"] == "failing-over"
    assert begun["FailoverState"]["ToDbClusterArn"] == pair.arn(HYDERABAD)
    assert begun["FailoverState"]["IsDataLossAllowed"]
    until("it is over", lambda: pair.global_cluster()["Status"] == "available")
    pair.hyderabad.run("INSERT INTO payment VALUES (2)")
    assert pair.hyderabad.run("SELECT * FROM payment") == [(1,), (2,)]
    assert member(pair, HYDERABAD) == {
        "DBClusterArn": pair.arn(HYDERABAD), "IsWriter": True, "Readers": [pair.arn(MUMBAI)]
    }  # fmt: skip
    assert (member(pair, MUMBAI)["IsWriter"], member(pair, MUMBAI)["SynchronizationStatus"]) == (
        False,
        "pending-resync",
    )
    until("a writer has no lag to publish", lambda: HYDERABAD not in pair.gateway.status()["lag_ms"], 5)

    pending = pair.gateway.status()["pending_snapshots"]
    assert len(pending) == 1
    assert pending[0].startswith("rds:unplanned-global-failover-bank-ledger-mumbai-")
    dark = pair.gateway.client("rds", MUMBAI, read_timeout=0.5)
    with pytest.raises(ReadTimeoutError):
        dark.describe_db_cluster_snapshots()
    dark.close()
    pair.gateway.darken(MUMBAI, dark=False)
    taken = pair.gateway.client("rds", MUMBAI).describe_db_cluster_snapshots(DBClusterIdentifier="bank-ledger-mumbai")
    assert [snapshot["DBClusterSnapshotIdentifier"] for snapshot in taken["DBClusterSnapshots"]] == pending
    assert pair.gateway.client("rds", HYDERABAD).describe_db_cluster_snapshots()["DBClusterSnapshots"] == []
    assert pair.cluster(MUMBAI)["Status"] == "stopped"
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        fail_over(pair)


def test_a_reachable_old_primary_is_fenced(pair: Pair, until) -> None:
    fail_over(pair)
    until("it is over", lambda: pair.global_cluster()["Status"] == "available")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        pair.mumbai.run("INSERT INTO payment VALUES (3)")
    pair.hyderabad.run("INSERT INTO payment VALUES (3)")
    assert pair.cluster(MUMBAI)["Status"] == "modifying"
    assert pair.gateway.status()["pending_snapshots"] == []


def test_a_detached_secondary_writes_on_its_own(pair: Pair, until) -> None:
    rds = pair.gateway.client("rds")
    with pytest.raises(ClientError, match="InvalidGlobalClusterStateFault"):
        rds.remove_from_global_cluster(GlobalClusterIdentifier="bank-ledger", DbClusterIdentifier=pair.arn(MUMBAI))
    rds.remove_from_global_cluster(GlobalClusterIdentifier="bank-ledger", DbClusterIdentifier=pair.arn(HYDERABAD))
    until("it is promoted", lambda: pair.cluster(HYDERABAD)["Status"] == "available")
    pair.hyderabad.run("INSERT INTO payment VALUES (4)")
    pair.mumbai.run("INSERT INTO payment VALUES (5)")
    assert [m["DBClusterArn"] for m in pair.global_cluster()["GlobalClusterMembers"]] == [pair.arn(MUMBAI)]
    with pytest.raises(ClientError, match="DBClusterNotFoundFault"):
        fail_over(pair)


def test_a_killed_database_is_not_available(pair: Pair) -> None:
    pair.hyderabad.kill()
    assert pair.cluster(HYDERABAD)["Status"] == "stopped"
    instance = pair.gateway.client("rds").describe_db_instances()["DBInstances"][0]
    assert instance["DBInstanceStatus"] == "failed"
    assert member(pair, HYDERABAD)["SynchronizationStatus"] == "pending-resync"
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        fail_over(pair)
    assert pair.global_cluster()["Status"] == "available"


def test_a_database_that_was_restarted_is_available_at_the_first_question(pair: Pair) -> None:
    pair.cluster(MUMBAI)
    pair.mumbai.kill()
    pair.mumbai.start()
    assert pair.cluster(MUMBAI)["Status"] == "available"


def test_endpoints_are_those_of_the_databases(pair: Pair) -> None:
    cluster = pair.cluster(MUMBAI)
    assert f"host={cluster['Endpoint']} port={cluster['Port']} " in pair.mumbai.dsn
    instance = pair.gateway.client("rds", MUMBAI).describe_db_instances()["DBInstances"][0]
    assert instance["Endpoint"]["Port"] == cluster["Port"]
    assert cluster["EngineVersion"][:2] in ("15", "16", "17", "18")


@pytest.mark.parametrize(
    ("more", "region", "expected"),
    [
        ({"GlobalClusterIdentifier": "another"}, HYDERABAD, "GlobalClusterNotFoundFault"),
        ({"TargetDbClusterIdentifier": "another"}, HYDERABAD, "DBClusterNotFoundFault"),
        ({}, MUMBAI, "InvalidGlobalClusterStateFault"),
        ({"Switchover": True}, HYDERABAD, "InvalidParameterCombination"),
        ({"AllowDataLoss": False}, HYDERABAD, "InvalidGlobalClusterStateFault"),
        ({}, HYDERABAD, "InvalidDBClusterStateFault"),
    ],
)
def test_a_failover_that_cannot_be_is_refused(
    gateway: RunningGateway, more: dict[str, object], region: str, expected: str
) -> None:
    """The databases of this gateway do not run."""
    with pytest.raises(ClientError) as refused:
        fail_over(Pair(None, None, gateway), region, **more)  # type: ignore[arg-type]
    assert refused.value.response["Error"]["Code"] == expected


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("describe_global_clusters", {"GlobalClusterIdentifier": "another"}, "GlobalClusterNotFoundFault"),
        ("describe_db_clusters", {"DBClusterIdentifier": "bank-ledger-mumbai"}, "DBClusterNotFoundFault"),
        ("describe_db_instances", {"DBInstanceIdentifier": "another"}, "DBInstanceNotFound"),
        ("describe_db_cluster_snapshots", {"DBClusterSnapshotIdentifier": "x"}, "DBClusterSnapshotNotFoundFault"),
        ("describe_db_clusters", {"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue"),
    ],
)
def test_what_is_not_in_the_region_is_not_found(
    gateway: RunningGateway, operation: str, arguments: dict[str, object], expected: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(gateway.client("rds", HYDERABAD), operation)(**arguments)
    assert refused.value.response["Error"]["Code"] == expected


def test_filters_choose(gateway: RunningGateway) -> None:
    rds = gateway.client("rds", HYDERABAD)
    ours, other = ({"Name": "db-cluster-id", "Values": [name]} for name in ("bank-ledger-hyderabad", "another"))
    assert len(rds.describe_db_clusters(Filters=[ours])["DBClusters"]) == 1
    assert rds.describe_db_clusters(Filters=[other])["DBClusters"] == []
    assert len(rds.describe_db_instances(Filters=[ours])["DBInstances"]) == 1
    assert rds.describe_db_instances(Filters=[other])["DBInstances"] == []
