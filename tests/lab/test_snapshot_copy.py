"""A lab whose data survive by snapshot copy: real backups, really copied, really restored, and the functions that do it.

The tests share one lab, in which the keeper and the monitor run once at the opening and then no more; they are played in order, and
the last ones lose Mumbai.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from drdrill.aws.clients import AwsClients
from drdrill.aws.snapshots import NewestCopy, copies_in, newest_copy, recovery_of, writer_of_snapshots
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.lambdas import health_monitor, snapshot_keeper
from drdrill.model.strategy import Strategy
from drdrill.model.target import Rds, Snapshots, Target
from drdrill.survivors.authority import authoritative_region
from drdrill.waiting import wait_until

pytestmark = pytest.mark.lab

MUMBAI, HYDERABAD = "ap-south-1", "ap-south-2"
LINK = f"{HYDERABAD}>{MUMBAI}:snapshots"
BOOKS = {MUMBAI: "bank-books-mumbai", HYDERABAD: "bank-books-hyderabad"}
TABLE = "bank-disaster-recovery"
YEARS_S = 20 * 365 * 86400.0


@pytest.fixture(scope="module")
def lab(lab_target: Target) -> Iterator[Lab]:
    once = Snapshots(table=TABLE, interval_s=YEARS_S, monitor_interval_s=3600)
    target = lab_target.model_copy(update={"rds": Rds(instances=BOOKS), "snapshots": once})
    strategy = Strategy(data="snapshot-copy", application="pilot-light")
    with Lab.open(target, settings=LabSettings(strategy=strategy, accounts=20)) as opened:
        yield opened


@pytest.fixture(scope="module")
def aws(lab: Lab) -> AwsClients:
    return AwsClients(lab.estate)


def environment(lab: Lab, function: str) -> dict[str, str]:
    """What the lab's scheduler gives to a function."""
    document = json.loads((lab.directory / "config" / f"{function}.json").read_text())
    told: dict[str, str] = document["environment"]
    return told


def as_told(monkeypatch: pytest.MonkeyPatch, told: dict[str, str]) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def code(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module", autouse=True)
def first_copy(lab: Lab, aws: AwsClients) -> NewestCopy:
    """What the keeper makes of the first interval, called as often as its schedule would call it."""
    with pytest.MonkeyPatch.context() as patch:
        as_told(patch, environment(lab, f"keeper-{MUMBAI}"))

        def noted() -> NewestCopy | None:
            snapshot_keeper.handler({}, None)
            newest = newest_copy(aws)
            return newest if newest is not None and newest.copy_s is not None else None

        return wait_until("the first copy is whole, and noted", noted, limit_s=60, every_s=0.2)


def test_the_first_snapshot_is_taken_copied_and_noted(lab: Lab, aws: AwsClients) -> None:
    """The copy is as large as its original, dated as its original, and lies in Hyderabad."""
    (copy,) = copies_in(aws, HYDERABAD)
    (original,) = copies_in(aws, MUMBAI)
    assert copy.is_whole and copy.identifier == original.identifier
    assert copy.cut_at == original.cut_at
    assert copy.size == original.size and copy.size > 10_000_000
    described = aws.rds(HYDERABAD).describe_db_snapshots(DBSnapshotIdentifier=copy.identifier)["DBSnapshots"][0]
    assert described["SourceRegion"] == MUMBAI
    assert described["SourceDBSnapshotIdentifier"] == original.arn
    assert lab.control.links()[LINK].returned > copy.size


def test_the_same_interval_needs_no_second_snapshot(lab: Lab, aws: AwsClients, monkeypatch: pytest.MonkeyPatch) -> None:
    as_told(monkeypatch, environment(lab, f"keeper-{MUMBAI}"))
    before = [copy.identifier for copy in copies_in(aws, MUMBAI)]
    assert not any(snapshot_keeper.handler({}, None).values())
    assert [copy.identifier for copy in copies_in(aws, MUMBAI)] == before


def test_aws_says_no_with_its_own_codes(aws: AwsClients, first_copy: NewestCopy) -> None:
    copy = first_copy.identifier
    mumbai, hyderabad = aws.rds(MUMBAI), aws.rds(HYDERABAD)
    named = {"DBSnapshotIdentifier": copy, "DBInstanceIdentifier": BOOKS[MUMBAI]}
    assert code(mumbai.create_db_snapshot, **named) == "DBSnapshotAlreadyExists"
    assert code(mumbai.create_db_snapshot, **{**named, "DBInstanceIdentifier": "nobody"}) == "DBInstanceNotFound"
    assert code(hyderabad.create_db_snapshot, **named) == "DBInstanceNotFound"
    assert code(hyderabad.describe_db_snapshots, DBSnapshotIdentifier="nothing") == "DBSnapshotNotFound"
    assert code(hyderabad.delete_db_snapshot, DBSnapshotIdentifier="nothing") == "DBSnapshotNotFound"
    restore = hyderabad.restore_db_instance_from_db_snapshot
    assert code(restore, DBInstanceIdentifier="x", DBSnapshotIdentifier="nothing") == "DBSnapshotNotFound"
    arn = copies_in(aws, MUMBAI)[0].arn
    again = {"SourceDBSnapshotIdentifier": arn, "TargetDBSnapshotIdentifier": copy, "SourceRegion": MUMBAI}
    assert code(hyderabad.copy_db_snapshot, **again) == "DBSnapshotAlreadyExists"
    nothing = {**again, "SourceDBSnapshotIdentifier": f"{arn}-not", "TargetDBSnapshotIdentifier": "new"}
    assert code(hyderabad.copy_db_snapshot, **nothing) == "DBSnapshotNotFound"
    with_key = {**again, "TargetDBSnapshotIdentifier": "new", "KmsKeyId": "alias/bank"}
    assert code(hyderabad.copy_db_snapshot, **with_key) == "KMSKeyNotAccessibleFault"
    assert code(hyderabad.describe_global_clusters) == "NotImplementedInLab"


def test_a_half_copy_is_creating_and_no_database_can_be_made_from_it(lab: Lab, aws: AwsClients) -> None:
    """The link is throttled so that the copy takes its time, and opened so that it ends."""
    hyderabad = aws.rds(HYDERABAD)
    arn = copies_in(aws, MUMBAI)[0].arn
    lab.control.throttle([LINK], 4_000_000)
    hyderabad.copy_db_snapshot(SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier="slowly", SourceRegion=MUMBAI)

    def state() -> tuple[str, int]:
        found = hyderabad.describe_db_snapshots(DBSnapshotIdentifier="slowly")["DBSnapshots"][0]
        return found["Status"], found["PercentProgress"]

    wait_until("some of it has arrived", lambda: 0 < state()[1] < 90, limit_s=30, seen=state)
    assert state()[0] == "creating"
    restore = hyderabad.restore_db_instance_from_db_snapshot
    assert code(restore, DBInstanceIdentifier="half", DBSnapshotIdentifier="slowly") == "InvalidDBSnapshotState"
    assert code(hyderabad.delete_db_snapshot, DBSnapshotIdentifier="slowly") == "InvalidDBSnapshotState"
    lab.control.throttle([LINK], None)
    wait_until("it is whole", lambda: state() == ("available", 100), limit_s=30, seen=state)
    hyderabad.delete_db_snapshot(DBSnapshotIdentifier="slowly")
    assert code(hyderabad.describe_db_snapshots, DBSnapshotIdentifier="slowly") == "DBSnapshotNotFound"


def test_the_pilot_lights_node_group_is_worker_processes(lab: Lab, aws: AwsClients) -> None:
    """None before; really as many as are asked for; none again."""
    eks = aws.eks(HYDERABAD)
    cluster = eks.list_clusters()["clusters"][0]
    group = {"clusterName": cluster, "nodegroupName": "workers"}

    def workers() -> int:
        names = [process.name for process in lab.control.region_processes(HYDERABAD) if process.alive]
        return sum(name.startswith(f"bank-{HYDERABAD}") and "/" in name for name in names)

    def scale(size: int) -> None:
        sizes = {"minSize": 0, "desiredSize": size, "maxSize": 5}
        update = eks.update_nodegroup_config(**group, scalingConfig=sizes)["update"]["id"]
        wait_until(
            "the update is successful",
            lambda: eks.describe_update(name=cluster, updateId=update)["update"]["status"] == "Successful",
            limit_s=60,
        )
        assert eks.describe_nodegroup(**group)["nodegroup"]["status"] == "ACTIVE"

    assert workers() == 0
    scale(2)
    assert workers() == 2
    scale(5)
    assert workers() == 5
    scale(0)
    assert workers() == 0
    sizes = {"minSize": 0, "desiredSize": 9, "maxSize": 9}
    assert code(eks.update_nodegroup_config, **group, scalingConfig=sizes) == "InvalidParameterException"
    mumbai = {**group, "clusterName": aws.eks(MUMBAI).list_clusters()["clusters"][0]}
    assert code(aws.eks(MUMBAI).update_nodegroup_config, **mumbai, scalingConfig=sizes) == "NotImplementedInLab"


def test_two_monitors_at_once_restore_one_database_from_the_newest_sound_snapshot(
    lab: Lab, aws: AwsClients, first_copy: NewestCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest is damaged though AWS calls it available: both fall back to the one before, once, and say so."""
    sound = first_copy.identifier
    aws.rds(MUMBAI).create_db_snapshot(DBSnapshotIdentifier="newest", DBInstanceIdentifier=BOOKS[MUMBAI])
    wait_until("it is taken", lambda: copies_in(aws, MUMBAI)[0].is_whole, limit_s=60)
    arn = copies_in(aws, MUMBAI)[0].arn
    aws.rds(HYDERABAD).copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier="newest", SourceRegion=MUMBAI
    )
    wait_until("it is copied", lambda: copies_in(aws, HYDERABAD)[0].is_whole, limit_s=60)
    lab.control.damage_snapshot(HYDERABAD, "newest", damaged=True)
    as_told(monkeypatch, {**environment(lab, f"monitor-{HYDERABAD}"), "INTERVAL_S": "0.2", "LOOK_TIMEOUT_S": "1"})
    assert health_monitor.handler({}, None)["phase"] == "watching"
    assert writer_of_snapshots(aws, HYDERABAD) == MUMBAI

    lab.control.cut(lab.control.links_touching(MUMBAI))
    lab.control.darken(MUMBAI)
    lab.control.kill_region(MUMBAI)
    with ThreadPoolExecutor(2) as pool:

        def both() -> bool:
            told = [future.result() for future in [pool.submit(health_monitor.handler, {}, None) for _ in range(2)]]
            return all(one["phase"] == "available" for one in told)

        wait_until("the database is there", both, limit_s=90, seen=lambda: recovery_of(aws))

    recovery = recovery_of(aws)
    assert recovery.snapshot == sound
    assert "failed" in recovery.unusable["newest"]
    assert recovery.attempt == 2
    instances = aws.rds(HYDERABAD).describe_db_instances()["DBInstances"]
    assert {one["DBInstanceIdentifier"]: one["DBInstanceStatus"] for one in instances} == {
        BOOKS[HYDERABAD]: "failed",
        f"{BOOKS[HYDERABAD]}-2": "available",
    }
    assert authoritative_region(lab.estate) == HYDERABAD
    with psycopg.connect(lab.estate.ledgers[HYDERABAD]) as connection:
        row = connection.execute("SELECT count(*) FROM accounts").fetchone()
    assert row == (20,)


def test_the_keeper_copies_nothing_from_the_old_primary_once_hyderabad_has_taken_over(
    lab: Lab, aws: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of the old primary would be newer by its name, and older by what it holds."""
    as_told(
        monkeypatch,
        environment(lab, f"keeper-{MUMBAI}")
        | {"AWS_ENDPOINTS": environment(lab, f"monitor-{HYDERABAD}")["AWS_ENDPOINTS"]},
    )
    before = [copy.identifier for copy in copies_in(aws, HYDERABAD)]
    assert "the recovery is available" in str(snapshot_keeper.handler({}, None)["stopped"])
    assert [copy.identifier for copy in copies_in(aws, HYDERABAD)] == before


def test_the_register_lies_in_hyderabad_alone(lab: Lab, aws: AwsClients) -> None:
    """It must be readable while Mumbai is dark; the table is not there in Mumbai even when that is lit."""
    lab.control.open(lab.control.links_touching(MUMBAI))
    lab.control.lighten(MUMBAI)
    assert code(aws.dynamodb(MUMBAI).describe_table, TableName=TABLE) == "ResourceNotFoundException"
    assert aws.dynamodb(HYDERABAD).describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE"
    assert Path(lab.directory).exists()
