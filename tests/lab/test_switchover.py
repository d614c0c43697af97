"""The lab's two databases exchange their roles while money moves, and nothing that was acknowledged is lost."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import dns.message
import dns.query
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from drdrill.lab.lab import Lab
from drdrill.lab.layout import Layout
from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Estate
from drdrill.waiting import wait_until

from .conftest import TARGET

pytestmark = pytest.mark.lab
MUMBAI, HYDERABAD = TARGET.regions
FORWARD, REVERSE = f"{HYDERABAD}>{MUMBAI}:replication", f"{MUMBAI}>{HYDERABAD}:replication"
PAYERS = 4
OTHER = {MUMBAI: HYDERABAD, HYDERABAD: MUMBAI}
PAUSE_LIMIT_S = 5.0
"""Much longer than seen (0.3 to 0.6 s): the machine of the tests may be busy."""


def client(estate: Estate, service: str, region: str) -> Any:
    session = boto3.Session(region_name=region, aws_access_key_id="k", aws_secret_access_key="s")
    config = Config(connect_timeout=1, read_timeout=15, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=estate.aws_endpoints[region], config=config)


def arn(region: str) -> str:
    return f"arn:aws:rds:{region}:{TARGET.account_id}:cluster:{TARGET.aurora.clusters[region]}"


def describe(estate: Estate) -> Any:
    return client(estate, "rds", HYDERABAD).describe_global_clusters()["GlobalClusters"][0]


def roles(estate: Estate) -> dict[str, tuple[bool, str | None]]:
    members = describe(estate)["GlobalClusterMembers"]
    return {m["DBClusterArn"]: (m["IsWriter"], m.get("SynchronizationStatus")) for m in members}


def begin(estate: Estate, source: str, destination: str) -> Any:
    return client(estate, "rds", source).switchover_global_cluster(
        GlobalClusterIdentifier="bank-ledger", TargetDbClusterIdentifier=arn(destination)
    )["GlobalCluster"]


def switch_over(estate: Estate, source: str, destination: str) -> Any:
    begun = begin(estate, source, destination)
    wait_until("it is over", lambda: describe(estate)["Status"] == "available", limit_s=20, every_s=0.02)
    return begun


def gateway_status(lab: Lab) -> Any:
    layout = layout_of(lab.estate)
    place = layout.gateway_internal()
    token = json.loads((lab.directory / "lab.json").read_text())["token"]
    connection = http.client.HTTPConnection(place.host, place.port, timeout=3)
    try:
        connection.request("GET", "/status", headers={"X-Lab-Token": token})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def layout_of(estate: Estate) -> Layout:
    assert estate.dns is not None
    return Layout(estate.dns.host.rsplit(".", 1)[0], estate.target, LabSettings())


def ask_the_bank(estate: Estate, region: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    door = layout_of(estate).front_door(region)
    connection = http.client.HTTPConnection(door.host, door.port, timeout=2)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def pay(estate: Estate, region: str, op_id: int) -> bool:
    """Whether the bank promised that it is done."""
    order = {"op_id": op_id, "debit": op_id % 400, "credit": 400 + op_id % 400, "amount_paise": 1 + op_id % 7}
    try:
        status, said = ask_the_bank(estate, region, "POST", "/transfer", order)
    except (OSError, http.client.HTTPException):
        return False
    return status == 200 and said["promise"] == "done"


class Payers:
    """Customers who pay all the time, and try the other region with the next payment when one was not acknowledged."""

    def __init__(self, estate: Estate, region: str, first: int) -> None:
        self.acked: list[tuple[int, float]] = []
        self._estate = estate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._pay, args=(region, first + n)) for n in range(PAYERS)]

    def _pay(self, region: str, first: int) -> None:
        for op_id in itertools.count(first, PAYERS):
            if self._stop.is_set():
                return
            if pay(self._estate, region, op_id):
                self.acked.append((op_id, time.monotonic()))
            else:
                region = OTHER[region]

    def longest_pause_s(self) -> float:
        times = sorted(at for _, at in self.acked)
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def __enter__(self) -> Payers:
        for thread in self._threads:
            thread.start()
        wait_until("they pay", lambda: len(self.acked) > 20, limit_s=10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def booked(estate: Estate, region: str) -> set[int]:
    with psycopg.connect(estate.ledgers[region]) as books:
        rows = books.execute("SELECT op_id FROM entries GROUP BY op_id HAVING count(*) = 2 AND sum(amount_paise) = 0")
        return {int(row[0]) for row in rows}


def lags(estate: Estate, region: str) -> list[float]:
    now = datetime.now(tz=UTC)
    answer = client(estate, "cloudwatch", region).get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="AuroraGlobalDBReplicationLag",
        Dimensions=[{"Name": "DBClusterIdentifier", "Value": TARGET.aurora.clusters[region]}],
        StartTime=now - timedelta(seconds=60),
        EndTime=now + timedelta(seconds=1),
        Period=1,
        Statistics=["Maximum"],
    )
    return [point["Maximum"] for point in answer["Datapoints"]]


def resolved(estate: Estate) -> list[str]:
    assert estate.dns is not None
    question = dns.message.make_query(TARGET.front_door.host, "A")
    answer = dns.query.udp(question, estate.dns.host, port=estate.dns.port, timeout=2)
    return [str(record) for records in answer.answer for record in records]


@contextmanager
def statuses(estate: Estate) -> Iterator[set[tuple[str, str | None, bool | None]]]:
    """What DescribeGlobalClusters says while the block runs: its status, and FailoverState's status and data loss."""
    seen: set[tuple[str, str | None, bool | None]] = set()
    stop = threading.Event()

    def watch() -> None:
        rds = client(estate, "rds", HYDERABAD)
        while not stop.wait(0.01):
            said = rds.describe_global_clusters()["GlobalClusters"][0]
            state = said.get("FailoverState", {})
            seen.add((said["Status"], state.get("Status"), state.get("IsDataLossAllowed")))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def until(awaited: str, look: Callable[[], Any], limit_s: float = 15.0) -> Any:
    return wait_until(awaited, look, limit_s=limit_s, every_s=0.05)


def check_switchover(lab: Lab, source: str, destination: str, first: int) -> None:
    estate, control = lab.estate, lab.control
    with Payers(estate, source, first) as payers, statuses(estate) as seen:
        begun = switch_over(estate, source, destination)
        over = time.monotonic()
        until("the other region is paid in", lambda: payers.acked[-1][1] > over + 0.5)
    assert begun["Status"] == "switching-over"
    assert begun["FailoverState"]["FromDbClusterArn"] == arn(source)
    assert begun["FailoverState"]["ToDbClusterArn"] == arn(destination)
    assert begun["FailoverState"]["IsDataLossAllowed"] is False
    assert ("switching-over", "switching-over", False) in seen
    assert gateway_status(lab)["problems"] == []
    assert roles(estate) == {arn(source): (False, "connected"), arn(destination): (True, None)}

    acked = {op_id for op_id, _ in payers.acked}
    assert acked - booked(estate, destination) == set()
    assert payers.longest_pause_s() < PAUSE_LIMIT_S
    until("the old primary has everything too", lambda: booked(estate, source) == booked(estate, destination))

    states = {region: control.database(region) for region in (source, destination)}
    assert (states[source].in_recovery, states[source].accepts_writes) == (True, False)
    assert (states[destination].in_recovery, states[destination].accepts_writes) == (False, True)
    until("the old region is not ready", lambda: ask_the_bank(estate, source, "GET", "/ready")[0] == 503)
    until("the new region is ready", lambda: ask_the_bank(estate, destination, "GET", "/ready")[0] == 200)
    door = layout_of(estate).front_door(destination).host
    until("Route 53 sends customers to the new region", lambda: resolved(estate) == [door])


def test_a_switchover_and_the_way_back_lose_nothing() -> None:
    """One lab for both ways: the second one shows that the first left everything as it should be."""
    with Lab.open(TARGET) as lab:
        estate, control = lab.estate, lab.control
        assert {FORWARD, REVERSE} <= set(control.links_touching(MUMBAI)) & set(control.links_touching(HYDERABAD))
        check_switchover(lab, MUMBAI, HYDERABAD, 1 << 40)
        carried = control.links()[REVERSE].returned
        assert pay(estate, HYDERABAD, 2 << 40)
        until("the log streams by the reverse link", lambda: control.links()[REVERSE].returned > carried)
        assert control.links()[FORWARD].connections == 0
        until("Mumbai's lag is published", lambda: lags(estate, MUMBAI))
        assert set(gateway_status(lab)["lag_ms"]) == {MUMBAI}

        control.cut([REVERSE])
        assert pay(estate, HYDERABAD, (2 << 40) + 1)
        with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
            begin(estate, HYDERABAD, MUMBAI)
        until("the lag grows behind the cut", lambda: gateway_status(lab)["lag_ms"].get(MUMBAI, 0) > 1000)
        assert (2 << 40) + 1 not in booked(estate, MUMBAI)
        control.open([REVERSE])
        until("Mumbai follows again", lambda: (2 << 40) + 1 in booked(estate, MUMBAI))

        check_switchover(lab, HYDERABAD, MUMBAI, 3 << 40)
        assert control.status()["problems"] == []


def test_a_switchover_without_replication_is_refused_and_changes_nothing() -> None:
    with Lab.open(TARGET) as lab:
        estate, control = lab.estate, lab.control
        before = roles(estate)
        pids = {p.pid for region in TARGET.regions for p in control.region_processes(region) if p.alive}
        with pytest.raises(ClientError, match="InvalidGlobalClusterStateFault"):
            begin(estate, HYDERABAD, HYDERABAD)
        with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
            begin(estate, MUMBAI, MUMBAI)
        control.cut([FORWARD])
        with pytest.raises(ClientError, match=r"InvalidDBClusterStateFault.*is not in sync"):
            begin(estate, MUMBAI, HYDERABAD)
        assert describe(estate)["Status"] == "available"
        assert pay(estate, MUMBAI, 1 << 40)
        assert control.database(MUMBAI).accepts_writes is True
        assert control.database(HYDERABAD).accepts_writes is False
        control.open([FORWARD])
        until("it follows again", lambda: roles(estate) == before)
        alive = {p.pid for region in TARGET.regions for p in control.region_processes(region) if p.alive}
        main = {p.pid for r in TARGET.regions for p in control.region_processes(r) if p.name == f"postgres-{r}"}
        assert main <= pids & alive


def test_a_switchover_that_fails_midway_leaves_the_old_primary_writing_and_says_so() -> None:
    with Lab.open(TARGET) as lab:
        estate, control = lab.estate, lab.control
        assert pay(estate, MUMBAI, 1 << 40)
        control.delay([FORWARD], 1.0, "backward")
        begin(estate, MUMBAI, HYDERABAD)
        until("Mumbai refuses writes", lambda: control.database(MUMBAI).accepts_writes is False, 5)
        assert describe(estate)["Status"] == "switching-over"
        control.kill_region(HYDERABAD)
        until("it is given up", lambda: describe(estate)["Status"] == "available")
        (problem,) = gateway_status(lab)["problems"]
        assert problem.startswith(
            "the switchover to ap-south-2 did not end: ap-south-1 takes writes now: ap-south-2 did not"
        )
        assert roles(estate) == {arn(MUMBAI): (True, None), arn(HYDERABAD): (False, "pending-resync")}
        until("Mumbai takes money again", lambda: pay(estate, MUMBAI, (1 << 40) + 1))
        control.open([FORWARD])
        assert control.database(HYDERABAD).running is False
        control.start_region(HYDERABAD, fenced=False)
        until("Hyderabad has all of it", lambda: booked(estate, HYDERABAD) == {1 << 40, (1 << 40) + 1})
        assert control.database(HYDERABAD).accepts_writes is False
