"""Two regions that both serve: customers are shared by weight, and payments are forwarded to whoever writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tomllib import loads

import pytest

from drdrill.aws.clients import AwsClients
from drdrill.aws.failover_record import primary_health_check, weighted_records
from drdrill.aws.front_door import Answer, ask, resolve
from drdrill.aws.writer import writer_region
from drdrill.errors import Unprovable
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target
from drdrill.runbooks.weighted_routing import set_weight
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

TARGET = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))
MUMBAI, HYDERABAD = TARGET.regions
ASKED = 200
SPREAD = 45
"""More than six standard deviations of 200 fair draws: a wrong weight is far outside, chance is not."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One lab; the last test exchanges the roles of its databases."""
    settings = LabSettings(strategy=Strategy(data="aurora-global", application="active-active"), workers_per_region=2)
    with Lab.open(TARGET, settings=settings) as lab:
        wait_until("both regions take payments", lambda: ready(lab, MUMBAI) and ready(lab, HYDERABAD), limit_s=30)
        yield lab


def ready(lab: Lab, region: str) -> bool:
    answer = ask(lab.estate.front_doors[region], "/ready", limit_s=2.0)
    return isinstance(answer, Answer) and answer.status == 200


def serving(lab: Lab, region: str) -> bool:
    answer = ask(lab.estate.front_doors[region], "/serving", limit_s=2.0)
    return isinstance(answer, Answer) and answer.status == 200


def answers(lab: Lab, asked: int = ASKED) -> list[int]:
    """How often each address was answered, most often first."""
    return sorted(Counter(resolve(lab.estate, limit_s=2.0) for _ in range(asked)).values(), reverse=True)


def test_customers_are_shared_half_and_half(lab: Lab) -> None:
    first, second = answers(lab)
    assert first + second == ASKED
    assert abs(first - ASKED / 2) < SPREAD


def test_weights_are_shares_and_no_weight_is_no_customer(lab: Lab) -> None:
    """Three to one, then all to one, then as before."""
    aws = AwsClients(lab.estate, read_s=10.0)
    set_weight(aws, HYDERABAD, 150)
    often, seldom = answers(lab)
    assert abs(often - ASKED * 3 / 4) < SPREAD
    assert seldom == ASKED - often
    set_weight(aws, HYDERABAD, 0)
    assert answers(lab) == [ASKED]
    set_weight(aws, HYDERABAD, 50)
    assert len(answers(lab)) == 2


def test_a_region_without_a_record_is_refused(lab: Lab) -> None:
    with pytest.raises(Unprovable, match="no weighted record for ap-southeast-1"):
        set_weight(AwsClients(lab.estate), "ap-southeast-1", 0)


def test_the_primarys_health_check_is_found_on_its_weighted_record(lab: Lab) -> None:
    aws = AwsClients(lab.estate, read_s=10.0)
    _, records = weighted_records(aws)
    checks = {record["SetIdentifier"]: record.get("HealthCheckId") for record in records}
    assert primary_health_check(aws) == checks[MUMBAI] != checks[HYDERABAD]


def test_without_the_way_to_the_writer_a_region_serves_and_takes_no_payments(lab: Lab) -> None:
    lab.control.cut([f"{HYDERABAD}>{MUMBAI}:writes"])
    wait_until("Hyderabad takes no payments", lambda: not ready(lab, HYDERABAD), limit_s=30)
    assert serving(lab, HYDERABAD)
    lab.control.open([f"{HYDERABAD}>{MUMBAI}:writes"])
    wait_until("Hyderabad takes payments again", lambda: ready(lab, HYDERABAD), limit_s=30)


def test_after_a_switchover_mumbai_forwards_to_hyderabad(lab: Lab) -> None:
    """The reverse, with nothing to configure: Hyderabad writes at home, and Mumbai depends on the way there."""
    aws = AwsClients(lab.estate, read_s=10.0)
    arn = f"arn:aws:rds:{HYDERABAD}:{TARGET.account_id}:cluster:{TARGET.aurora.clusters[HYDERABAD]}"
    aws.rds(MUMBAI).switchover_global_cluster(
        GlobalClusterIdentifier=TARGET.aurora.global_cluster, TargetDbClusterIdentifier=arn
    )
    wait_until("Hyderabad writes", lambda: writer_region(aws, HYDERABAD) == HYDERABAD, limit_s=60, every_s=0.2)
    wait_until("both take payments", lambda: ready(lab, MUMBAI) and ready(lab, HYDERABAD), limit_s=60, every_s=0.2)
    lab.control.cut([f"{MUMBAI}>{HYDERABAD}:writes"])
    wait_until("Mumbai takes no payments", lambda: not ready(lab, MUMBAI), limit_s=30)
    assert ready(lab, HYDERABAD)
    assert serving(lab, MUMBAI)
