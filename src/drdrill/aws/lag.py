"""The replication lag as CloudWatch reports it for a secondary region: an estimate, never the loss."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from drdrill.aws.clients import AwsClients
from drdrill.aws.global_cluster import LAG_METRIC
from drdrill.errors import Unprovable
from drdrill.model.estate import Estate
from drdrill.model.frozen import Frozen
from drdrill.native.opening import replica_in

_NAMESPACE = "AWS/RDS"
_LOOK_BACK_S = 180


class Lag(Frozen):
    """The newest value of the metric: seconds, when CloudWatch dates it (wall clock, a label), and how old it was then, in seconds."""

    lag_s: float
    metric: str = LAG_METRIC
    dated: str
    age_s: float = 0.0


def _of_the_pair(estate: Estate, region: str) -> Lag | None:
    """The larger of what the standby and, where it answers, the primary say; their engine has no CloudWatch.

    A standby may believe itself in step while much is on its way to it. Raises ``Unprovable`` when the standby is silent.
    """
    told = [replica_in(estate, region).look()]
    for other in estate.target.regions:
        if other != region:
            with suppress(Unprovable):
                told.append(replica_in(estate, other).look())
    known = [(state.lag_s, state.lag_source) for state in told if state.lag_s is not None]
    if told[0].lag_s is None or not known:
        return None
    lag_s, source = max(known)
    return Lag(lag_s=lag_s, metric=source, dated=datetime.now(tz=UTC).isoformat())


def newest_lag(clients: AwsClients, region: str) -> Lag | None:
    """The newest lag that ``region`` (a secondary) reported in the last minutes; None when it reported none.

    No data is not a lag of 0: alarms that forget this stay green in a dark region. Raises boto3's own errors (``AwsError``).
    Where the bank replicates by itself the standby is asked; raises ``Unprovable`` when it does not answer.
    """
    if clients.estate.strategy.data == "native-replication":
        return _of_the_pair(clients.estate, region)
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
    dated = newest["Timestamp"]
    age_s = max(0.0, (datetime.now(tz=UTC) - dated).total_seconds())
    return Lag(lag_s=newest["Maximum"] / 1000, dated=dated.isoformat(), age_s=round(age_s, 3))
