"""The old primary comes back: what only it held is kept aside, it follows the new one, and the way home loses nothing."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg.conninfo import make_conninfo

from drdrill.lab.lab import Lab
from drdrill.lab.postgres.binaries import find_binaries
from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Estate

from .conftest import TARGET
from .test_switchover import (
    FORWARD,
    HYDERABAD,
    MUMBAI,
    REVERSE,
    arn,
    booked,
    client,
    describe,
    gateway_status,
    pay,
    roles,
    switch_over,
    until,
)

pytestmark = pytest.mark.lab
RESCUE = "bank-ledger-rescue"


def lose_mumbai_with(lab: Lab, only_there: list[int]) -> None:
    """Payments that Hyderabad never hears of, the loss of Mumbai, the failover; Mumbai comes back fenced."""
    estate, control = lab.estate, lab.control
    assert pay(estate, MUMBAI, 1)
    until("Hyderabad has it", lambda: booked(estate, HYDERABAD) == {1})
    control.cut([FORWARD])
    assert all(pay(estate, MUMBAI, op_id) for op_id in only_there)
    control.cut(control.links_touching(MUMBAI))
    control.darken(MUMBAI)
    control.kill_region(MUMBAI)
    client(estate, "rds", HYDERABAD).failover_global_cluster(
        GlobalClusterIdentifier="bank-ledger", TargetDbClusterIdentifier=arn(HYDERABAD), AllowDataLoss=True
    )
    until("Hyderabad takes money", lambda: pay(estate, HYDERABAD, 100))


def bring_mumbai_back(lab: Lab) -> None:
    control = lab.control
    control.start_region(MUMBAI, fenced=True)
    control.open(control.links_touching(MUMBAI))
    control.lighten(MUMBAI)


def snapshots(estate: Estate) -> list[str]:
    found = client(estate, "rds", MUMBAI).describe_db_cluster_snapshots()["DBClusterSnapshots"]
    return [one["DBClusterSnapshotIdentifier"] for one in found]


def connected(estate: Estate) -> bool:
    return roles(estate)[arn(MUMBAI)] == (False, "connected")


def restore(estate: Estate, snapshot: str) -> str:
    """The connection string of a reader of the restored cluster."""
    rds = client(estate, "rds", MUMBAI)
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=RESCUE, SnapshotIdentifier=snapshot, Engine="aurora-postgresql"
    )

    def cluster() -> Any:
        return rds.describe_db_clusters(DBClusterIdentifier=RESCUE)["DBClusters"][0]

    until("it is restored", lambda: cluster()["Status"] == "available")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(make_conninfo(estate.ledgers[MUMBAI], host=cluster()["Endpoint"], port=cluster()["Port"]))
    rds.create_db_instance(
        DBInstanceIdentifier=f"{RESCUE}-1",
        DBClusterIdentifier=RESCUE,
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )
    instance = "it has an instance"
    until(
        instance,
        lambda: (
            rds.describe_db_instances(DBInstanceIdentifier=f"{RESCUE}-1")["DBInstances"][0]["DBInstanceStatus"]
            == "available"
        ),
    )
    return make_conninfo(estate.ledgers[MUMBAI], host=cluster()["Endpoint"], port=cluster()["Port"])


def ops(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as books:
        return {int(row[0]) for row in books.execute("SELECT op_id FROM transfers")}


def test_the_old_primary_rejoins_by_rewind_and_its_lost_payments_can_be_read_from_the_snapshot() -> None:
    with Lab.open(TARGET) as lab:
        estate = lab.estate
        lost = list(range(2, 32))
        lose_mumbai_with(lab, lost)
        assert gateway_status(lab)["pending_snapshots"]
        bring_mumbai_back(lab)
        until("Mumbai follows", lambda: connected(estate))
        assert gateway_status(lab)["rejoined"][MUMBAI] == {"region": MUMBAI, "by": "rewind", "because": ""}
        until("it has the new payment", lambda: booked(estate, MUMBAI) == {1, 100})
        assert lab.control.database(MUMBAI).accepts_writes is False

        (snapshot,) = snapshots(estate)
        assert snapshot.startswith("rds:unplanned-global-failover-bank-ledger-mumbai-")
        rds = client(estate, "rds", MUMBAI)
        rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot, TargetDBClusterSnapshotIdentifier="lost-payments"
        )
        assert set(snapshots(estate)) == {snapshot, "lost-payments"}
        rescued = restore(estate, "lost-payments")
        assert ops(rescued) == {1, *lost}
        with pytest.raises(ClientError, match="DBClusterQuotaExceeded"):
            restore(estate, snapshot)
        rds.delete_db_instance(DBInstanceIdentifier=f"{RESCUE}-1", SkipFinalSnapshot=True)
        rds.delete_db_cluster(DBClusterIdentifier=RESCUE, SkipFinalSnapshot=True)
        with pytest.raises(ClientError, match="DBClusterNotFound"):
            rds.describe_db_clusters(DBClusterIdentifier=RESCUE)

        switch_over(estate, HYDERABAD, MUMBAI)
        until("Mumbai takes money again", lambda: pay(estate, MUMBAI, 200))
        until("Hyderabad follows", lambda: booked(estate, HYDERABAD) == {1, 100, 200})
        assert gateway_status(lab)["problems"] == []
        assert lab.control.status()["problems"] == []


def test_a_rewind_that_does_nothing_is_not_believed_and_the_server_is_rebuilt() -> None:
    """Nothing was written only there: the histories part at its very end, and pg_rewind says that there is nothing to do."""
    with Lab.open(TARGET) as lab:
        estate, control = lab.estate, lab.control
        lose_mumbai_with(lab, [])
        control.start_region(MUMBAI, fenced=True)
        control.open([name for name in control.links_touching(MUMBAI) if name != REVERSE])
        control.lighten(MUMBAI)
        until("it says why it does not follow", lambda: gateway_status(lab)["problems"])
        assert "does not follow yet" in gateway_status(lab)["problems"][0]
        assert control.database(MUMBAI).accepts_writes is False
        control.open([REVERSE])
        until("Mumbai follows", lambda: connected(estate))
        rejoined = gateway_status(lab)["rejoined"][MUMBAI]
        assert (rejoined["by"], bool(rejoined["because"])) in {("rewind", False), ("rebuild", True)}
        assert rejoined["by"] == "rewind" or "did nothing" in rejoined["because"]
        assert describe(estate)["Status"] == "available"
        assert pay(estate, HYDERABAD, 101)
        until("it has the new payment", lambda: booked(estate, MUMBAI) == {1, 100, 101})


@pytest.mark.prove
@pytest.mark.parametrize("after_s", [0.05, 0.3, 0.6, 0.9])
def test_a_region_that_is_lost_again_while_it_rejoins_comes_back_fenced_and_then_follows(after_s: float) -> None:
    """Half rewound data cannot be started: they are put back from the copy that was made first."""
    with Lab.open(TARGET) as lab:
        estate, control = lab.estate, lab.control
        lose_mumbai_with(lab, list(range(2, 12)))
        bring_mumbai_back(lab)
        again = time.monotonic() + after_s
        until("it is time", lambda: time.monotonic() > again)
        control.kill_region(MUMBAI)
        assert control.database(MUMBAI).running is False
        control.start_region(MUMBAI, fenced=True)
        assert control.database(MUMBAI).accepts_writes is not True, "it may be rejoining, and not be running, already"
        until("Mumbai follows", lambda: connected(estate), 60)
        assert pay(estate, HYDERABAD, 101)
        until("it has everything", lambda: booked(estate, MUMBAI) == {1, 100, 101})
        (snapshot,) = snapshots(estate)
        assert ops(restore(estate, snapshot)) == {1, *range(2, 12)}


@pytest.mark.prove
def test_what_a_rewind_cannot_do_a_rebuild_does_and_what_was_lost_is_kept_all_the_same(tmp_path: Path) -> None:
    """A pg_rewind that fails, whatever it is asked: the old data go, after they were copied, and a base backup comes."""
    with Lab.open(TARGET, settings=LabSettings(postgres_bin=programs_without_rewind(tmp_path))) as lab:
        estate = lab.estate
        lost = list(range(2, 12))
        lose_mumbai_with(lab, lost)
        bring_mumbai_back(lab)
        until("Mumbai follows", lambda: connected(estate), 40)
        rejoined = gateway_status(lab)["rejoined"][MUMBAI]
        assert rejoined["by"] == "rebuild"
        assert "no rewinding today" in rejoined["because"]
        assert pay(estate, HYDERABAD, 101)
        until("it has the new payments", lambda: booked(estate, MUMBAI) == {1, 100, 101})
        (snapshot,) = snapshots(estate)
        assert ops(restore(estate, snapshot)) == {1, *lost}


def programs_without_rewind(folder: Path) -> Path:
    """PostgreSQL's programs, but for a pg_rewind that refuses."""
    tree = find_binaries(LabSettings().postgres_bin).folder.parent
    copy = folder / tree.parent.name / tree.name
    shutil.copytree(tree, copy, symlinks=True)
    libraries = tree.parent.with_name(f"{tree.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    rewind = copy / "bin" / "pg_rewind"
    rewind.unlink()
    rewind.write_text("#!/bin/sh\necho no rewinding today\nexit 1\n")
    rewind.chmod(0o755)
    return copy / "bin"
