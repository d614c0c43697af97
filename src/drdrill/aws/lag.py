"""The replication lag as CloudWatch reports it for a secondary region: an estimate, never the loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drdrill.aws.clients import AwsClients
from drdrill.aws.global_cluster import LAG_METRIC
from drdrill.model.frozen import Frozen

_NAMESPACE = "AWS/RDS"
_LOOK_BACK_S = 180


class Lag(Frozen):
    """The newest value of the metric: seconds, and when CloudWatch dates it (wall clock, a label)."""

    lag_s: float
    metric: str = LAG_METRIC
    dated: str


def newest_lag(clients: AwsClients, region: str) -> Lag | None:
    """The newest lag that ``region`` (a secondary) reported in the last minutes; None when it reported none.

    No data is not a lag of 0: alarms that forget this stay green in a dark region. Raises boto3's own errors (``AwsError``).
    """
    cluster = clients.estate.target.aurora.clusters[region]
    now = datetime.now(tz=UTC)
    answer = clients.cloudwatch(region).get_metric_statistics(
        Namespace=_NAMESPACE,
        MetricName=LAG_METRIC,
        Dimensions=[{"Name": "DBClusterIdentifier", "Value": cluster}],
        StartTime=now - timedelta(seconds=_LOOK_BACK_S),
        EndTime=now + timedelta(seconds=1),
        Period=1,
        Statistics=["Maximum"],
    )
    points = answer["Datapoints"]
    if not points:
        return None
    newest = max(points, key=lambda point: point["Timestamp"])
    return Lag(lag_s=newest["Maximum"] / 1000, dated=newest["Timestamp"].isoformat())
