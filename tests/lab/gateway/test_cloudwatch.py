"""Metrics: kept per region, and refused where they would be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from .conftest import HYDERABAD, MUMBAI, RunningGateway

pytestmark = pytest.mark.lab
METRIC = {"Namespace": "Bank", "MetricName": "payments"}


def window() -> dict[str, datetime]:
    now = datetime.now(tz=UTC)
    return {"StartTime": now - timedelta(seconds=60), "EndTime": now + timedelta(seconds=2)}


def test_metrics_stay_in_their_region(gateway: RunningGateway) -> None:
    gateway.client("cloudwatch", MUMBAI).put_metric_data(
        Namespace="Bank", MetricData=[{"MetricName": "payments", "Value": 7.0}]
    )
    asked = {**METRIC, **window(), "Period": 1, "Statistics": ["Sum"]}
    mumbai, hyderabad = (gateway.client("cloudwatch", r).get_metric_statistics(**asked) for r in (MUMBAI, HYDERABAD))
    assert [point["Sum"] for point in mumbai["Datapoints"]] == [7.0]
    assert hyderabad["Datapoints"] == []
    stat = {"Metric": METRIC, "Period": 1, "Stat": "Maximum"}
    answer = gateway.client("cloudwatch", MUMBAI).get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": stat}], **window()
    )
    assert answer["MetricDataResults"][0]["Values"] == [7.0]


def test_percentiles_and_metric_math_are_refused(gateway: RunningGateway) -> None:
    cloudwatch = gateway.client("cloudwatch", HYDERABAD)
    with pytest.raises(ClientError, match="NotImplementedInLab"):
        cloudwatch.get_metric_statistics(**METRIC, **window(), Period=1, ExtendedStatistics=["p99"])
    stat = {"Id": "a", "MetricStat": {"Metric": METRIC, "Period": 1, "Stat": "p99"}}
    for query in (stat, {"Id": "b", "Expression": "1 + 1"}):
        with pytest.raises(ClientError, match="NotImplementedInLab"):
            cloudwatch.get_metric_data(MetricDataQueries=[query], **window())
