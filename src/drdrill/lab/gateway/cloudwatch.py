"""Amazon CloudWatch of the lab: moto keeps the metrics; what it would answer wrongly is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from drdrill.lab.gateway.aurora import Cluster
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import NotInLab
from drdrill.lab.gateway.lag import Lag
from drdrill.lab.gateway.locks import Locks

NAMESPACE = "AWS/RDS"
_STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})


class CloudWatch:
    """Metrics per region, fed by the lab."""

    def __init__(self, account_id: str, locks: Locks) -> None:
        self._backends: dict[str, CloudWatchBackend] = cloudwatch_backends[account_id]
        self._locks = locks

    def publish_lag(self, cluster: Cluster, lag: Lag) -> None:
        """Emit Aurora's three metrics from the secondary's region, in milliseconds."""
        values = {
            "AuroraGlobalDBReplicationLag": lag.replayed_ms,
            "AuroraGlobalDBProgressLag": lag.replayed_ms,
            "AuroraGlobalDBRPOLag": lag.received_ms,
        }
        now = datetime.now(tz=UTC).replace(tzinfo=None)  # moto compares naive times in UTC
        dimensions = [{"Name": "DBClusterIdentifier", "Value": cluster.identifier}]
        data: list[dict[str, Any]] = [
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": now, "Value": value, "Unit": "Milliseconds"}
            for name, value in values.items()
        ]
        with self._locks["cloudwatch"]:
            self._backends[cluster.region].put_metric_data(NAMESPACE, data)


def refuse_percentiles(call: Call) -> None:
    """moto has no percentiles: refuse what it would answer wrongly. Raises ``NotInLab``."""
    asked = set(call.parameters.get("Statistics") or [])
    queries = call.parameters.get("MetricDataQueries") or []
    asked |= {query["MetricStat"]["Stat"] for query in queries if "MetricStat" in query}
    unknown = sorted(asked - _STATISTICS)
    if call.parameters.get("ExtendedStatistics") or unknown:
        raise NotInLab("extended statistics of CloudWatch", ", ".join(unknown) or "ExtendedStatistics")
    if any("Expression" in query for query in queries):
        raise NotInLab("metric math of CloudWatch")
