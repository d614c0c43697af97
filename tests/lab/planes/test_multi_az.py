"""A Multi-AZ deployment of real servers: RDS's own decisions, and what they do to the data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tomllib import loads
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from drdrill.aws.clients import AwsClients
from drdrill.aws.multi_az import describe_instance, describe_multi_az, events_since, writer_of_multi_az
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

TARGET = Target.model_validate(loads((Path(__file__).parents[3] / "targets" / "lab.toml").read_text()))
MUMBAI, HYDERABAD = TARGET.regions
FIRST, SECOND, THIRD = "ap-south-1a", "ap-south-1b", "ap-south-1c"
SETTINGS = LabSettings(strategy=Strategy(data="multi-az", application="warm-standby"), workers_per_region=2)


class Bench:
    """An open lab, its API, and the books of its primary."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.control = lab.control
        self.aws = AwsClients(lab.estate, read_s=10.0)

    def reboot(self) -> None:
        self.aws.rds(MUMBAI).reboot_db_instance(DBInstanceIdentifier="bank-ledger", ForceFailover=True)

    def await_primary(self, zone: str) -> None:
        wait_until(f"{zone} is the primary", lambda: describe_multi_az(self.aws).zone == zone, limit_s=30, every_s=0.1)

    def await_protection(self) -> None:
        seen = lambda: describe_multi_az(self.aws)  # noqa: E731
        wait_until("a standby protects", lambda: seen().protected, limit_s=60, every_s=0.1, seen=seen)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.lab.estate.ledgers[MUMBAI], autocommit=True, connect_timeout=5) as connection:
            return connection.execute(statement.encode()).fetchall()

    def lose(self, zone: str) -> None:
        self.control.cut(self.control.links_touching(zone))
        self.control.kill_zone(zone)

    def bring_back(self, zone: str) -> None:
        self.control.start_zone(zone)
        self.control.open(self.control.links_touching(zone))

    def told(self) -> str:
        from datetime import UTC, datetime, timedelta

        return "; ".join(events_since(self.aws, datetime.now(tz=UTC) - timedelta(minutes=30)))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One lab; each test leaves the instance protected, with its primary wherever it is."""
    with Lab.open(TARGET, settings=SETTINGS) as lab:
        bench = Bench(lab)
        bench.await_protection()
        yield bench


def test_a_forced_failover_swaps_the_zones_and_builds_a_new_standby(bench: Bench) -> None:
    """RDS-EVENT-0013 and 0049, and the old primary's zone holds the new standby."""
    before = describe_multi_az(bench.aws)
    bench.reboot()
    assert before.standby_zone is not None
    bench.await_primary(before.standby_zone)
    bench.await_protection()

    after = describe_multi_az(bench.aws)
    assert (after.zone, after.standby_zone) == (before.standby_zone, before.zone)
    assert "Multi-AZ instance failover started" in bench.told()
    assert "The user requested a failover" in bench.told()
    assert "Multi-AZ instance failover completed" in bench.told()


def test_the_replicas_follow_the_standby_and_not_the_primary(bench: Bench) -> None:
    """A chain: whoever asks the primary sees one follower, the synchronous one."""
    wait_until(
        "the primary has one follower",
        lambda: [row[0] for row in bench.sql("SELECT sync_state FROM pg_stat_replication")] == ["sync"],
        limit_s=30,
        every_s=0.2,
    )
    for region, identifier in ((MUMBAI, "bank-ledger-reader"), (HYDERABAD, "bank-ledger-reader-hyderabad")):
        assert describe_instance(bench.aws, region, identifier).status == "available"


def test_a_reboot_is_refused_while_no_standby_protects_and_nobody_is_promoted(bench: Bench) -> None:
    """The standby is lost, then the primary: what is in one zone alone must not be given up by a promotion."""
    primary, standby = describe_multi_az(bench.aws).zone, describe_multi_az(bench.aws).standby_zone
    assert standby is not None
    bench.lose(standby)
    wait_until("protection is gone", lambda: describe_multi_az(bench.aws).standby_zone is None, limit_s=30, every_s=0.1)
    wait_until("RDS says so", lambda: "commits no longer wait for it" in bench.told(), limit_s=10, every_s=0.1)
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        bench.reboot()

    bench.control.cut(bench.control.links_touching(primary))
    wait_until(
        "RDS says that it does not fail over", lambda: "Not failed over" in bench.told(), limit_s=30, every_s=0.1
    )
    assert describe_multi_az(bench.aws).zone == primary
    assert describe_multi_az(bench.aws).status == "failed"

    bench.control.open(bench.control.links_touching(primary))
    bench.bring_back(standby)
    bench.await_protection()
    assert describe_multi_az(bench.aws).zone == primary


def test_an_old_primary_that_was_only_cut_off_acknowledged_nothing_and_returns_as_the_standby(bench: Bench) -> None:
    """Its zone was cut, not killed: it lives, waits for a standby that is gone, and is replaced when it can be reached."""
    before = describe_multi_az(bench.aws)
    assert before.standby_zone is not None
    links = bench.control.links_touching(before.zone)
    bench.control.cut(links)
    bench.await_primary(before.standby_zone)
    assert any(p.alive and p.name == f"postgres-{before.zone}" for p in bench.control.zone_processes(before.zone))

    bench.control.open(links)
    bench.await_protection()
    assert describe_multi_az(bench.aws).standby_zone == before.zone
    assert bench.sql("SELECT pg_is_in_recovery()") == [(False,)]


def test_a_promoted_replica_in_the_other_region_writes_for_itself(bench: Bench) -> None:
    """Last, because there is no way back: PromoteReadReplica in Hyderabad, as after the loss of Mumbai."""
    assert writer_of_multi_az(bench.aws, HYDERABAD) == MUMBAI
    bench.aws.rds(HYDERABAD).promote_read_replica(DBInstanceIdentifier="bank-ledger-reader-hyderabad")
    wait_until(
        "Hyderabad takes writes",
        lambda: bench.control.database(HYDERABAD).accepts_writes,
        limit_s=30,
        every_s=0.1,
    )
    assert writer_of_multi_az(bench.aws, HYDERABAD) == HYDERABAD
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        bench.aws.rds(HYDERABAD).promote_read_replica(DBInstanceIdentifier="bank-ledger-reader-hyderabad")
