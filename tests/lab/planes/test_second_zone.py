"""A second instance in another zone: every commit waits for it, and nothing waits for one that is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from tomllib import loads
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from drdrill.aws.clients import AwsClients
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target
from drdrill.runbooks.second_zone import ClusterZones, cluster_zones
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

TARGET = Target.model_validate(loads((Path(__file__).parents[3] / "targets" / "lab.toml").read_text()))
MUMBAI, HYDERABAD = TARGET.regions
CLUSTER, SECOND = "bank-ledger-mumbai", "bank-ledger-mumbai-2"
WRITE = "SELECT pg_logical_emit_message(true, 'test', 'a transaction that is committed')"
WAITS_S = 1.5
"""Long enough for a commit that waits for nobody, many times over."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One lab; its tests are played in order."""
    settings = LabSettings(strategy=Strategy(data="aurora-global", application="active-active"), workers_per_region=1)
    with Lab.open(TARGET, settings=settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def aws(lab: Lab) -> AwsClients:
    return AwsClients(lab.estate, read_s=10.0)


def create(aws: AwsClients, name: str = SECOND, **more: Any) -> None:
    asked = {"DBInstanceIdentifier": name, "DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql"}
    aws.rds(MUMBAI).create_db_instance(**{**asked, "DBClusterIdentifier": CLUSTER, **more})


def until_in_place(aws: AwsClients) -> ClusterZones:
    def seen() -> ClusterZones:
        return cluster_zones(aws, MUMBAI)

    wait_until("Mumbai is in two zones", lambda: seen().in_place, limit_s=60, every_s=0.1, seen=seen)
    return seen()


def write(lab: Lab, done: threading.Event) -> None:
    with psycopg.connect(lab.estate.operators[MUMBAI], autocommit=True, connect_timeout=5) as connection:
        connection.execute(WRITE)
        done.set()


def test_it_is_there_when_both_hold_what_is_committed(aws: AwsClients) -> None:
    before = cluster_zones(aws, MUMBAI)
    assert (before.multi_az, before.used) == (False, {"ap-south-1a"})
    create(aws)
    seen = until_in_place(aws)
    assert seen.used == {"ap-south-1a", "ap-south-1b"}
    assert str(seen).startswith("bank-ledger-mumbai is Multi-AZ: bank-ledger-mumbai-1 in ap-south-1a is available")
    assert not cluster_zones(aws, HYDERABAD).multi_az


def test_a_commit_waits_for_it(lab: Lab) -> None:
    """Frozen, it holds nothing more, so nothing more is acknowledged until it thaws."""
    done = threading.Event()
    lab.control.pause_process("postgres-ap-south-1b")
    writer = threading.Thread(target=write, args=(lab, done))
    try:
        writer.start()
        assert not done.wait(WAITS_S), "a commit was acknowledged that the second zone does not hold"
    finally:
        lab.control.resume_process("postgres-ap-south-1b")
    writer.join(timeout=10)
    assert done.is_set()


def test_there_is_room_for_one_in_one_zone(aws: AwsClients) -> None:
    for name, more, code in (
        (SECOND, {}, "DBInstanceAlreadyExists"),
        ("third", {}, "InstanceQuotaExceeded"),
        ("third", {"AvailabilityZone": "ap-south-1c"}, "NotImplementedInLab"),
    ):
        with pytest.raises(ClientError) as caught:
            create(aws, name, **more)
        assert caught.value.response["Error"]["Code"] == code


def test_removed_it_is_waited_for_no_more(lab: Lab, aws: AwsClients) -> None:
    aws.rds(MUMBAI).delete_db_instance(DBInstanceIdentifier=SECOND)
    assert cluster_zones(aws, MUMBAI).used == {"ap-south-1a"}
    done = threading.Event()
    write(lab, done)
    assert done.is_set()


def test_lost_with_its_region_it_does_not_come_back_and_nobody_waits_for_it(lab: Lab, aws: AwsClients) -> None:
    """A region that started again with a server that waits for one that is gone would acknowledge nothing for ever."""
    create(aws)
    until_in_place(aws)
    lab.control.kill_region(MUMBAI)
    lab.control.start_region(MUMBAI, fenced=False)
    done = threading.Event()
    write(lab, done)
    assert done.is_set()
    seen = cluster_zones(aws, MUMBAI)
    assert (seen.multi_az, seen.instances[SECOND]) == (False, ("ap-south-1b", "failed"))
    aws.rds(MUMBAI).delete_db_instance(DBInstanceIdentifier=SECOND)
    create(aws)
    until_in_place(aws)
