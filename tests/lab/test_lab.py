"""The lab opens, can be hurt and healed, and leaves nothing behind however it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from drdrill.errors import BadInput, EstateError
from drdrill.lab import process_tree
from drdrill.lab.control import LAB_FILE, LabControl
from drdrill.lab.lab import Lab
from drdrill.lab.layout import Layout
from drdrill.lab.postgres.shared_memory import segment_of
from drdrill.lab.settings import LabSettings, Ports
from drdrill.model.estate import Estate
from drdrill.model.target import Target
from drdrill.waiting import wait_until

from .conftest import TARGET

pytestmark = pytest.mark.lab
MUMBAI, HYDERABAD = TARGET.regions

OWNER = """
import sys, time
from drdrill.lab.lab import Lab
from drdrill.model.target import Target
lab = Lab.open(Target.model_validate_json(sys.argv[1]))
print(lab.directory, lab.process.pid, flush=True)
time.sleep(600)
"""


def layout_of(estate: Estate) -> Layout:
    assert estate.dns is not None
    return Layout(estate.dns.host.rsplit(".", 1)[0], estate.target, LabSettings())


def ask_the_bank(estate: Estate, region: str, method: str, path: str, body: Any = None) -> tuple[int, Any, str | None]:
    """By the front door of a region, as a customer whose name server has answered already."""
    door = layout_of(estate).front_door(region)
    connection = http.client.HTTPConnection(door.host, door.port, timeout=3)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null"), answer.getheader("X-Served-By-Region")
    finally:
        connection.close()


def transfer(estate: Estate, region: str, number: int) -> tuple[int, Any, str | None]:
    order = {"op_id": (1 << 40) | number, "debit": 1, "credit": 2, "amount_paise": 100}
    return ask_the_bank(estate, region, "POST", "/transfer", order)


def entries(estate: Estate, region: str) -> int:
    with psycopg.connect(estate.ledgers[region]) as books:
        row = books.execute("SELECT count(*) FROM entries").fetchone()
    assert row is not None
    return int(row[0])


def everything_of(lab_dir: Path, supervisor: int) -> list[psutil.Process]:
    return process_tree.tree([psutil.Process(supervisor)])


def listening_in(prefix: str) -> list[str]:
    wanted = "".join(f"{int(part):02X}" for part in reversed(prefix.split(".")))
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    return [place for place in listening if place[2:8] == wanted]


def segments_of(lab: Lab) -> set[int]:
    found = {segment_of(lab.directory / "data" / f"postgres-{region}") for region in TARGET.regions}
    assert None not in found
    return {segment for segment in found if segment is not None}


def all_segments() -> set[int]:
    return {int(line.split()[1]) for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def test_a_payment_goes_through_the_front_door_and_reaches_the_standby(opened_lab: Lab) -> None:
    estate = opened_lab.estate
    before = entries(estate, MUMBAI)
    status, said, served_by = transfer(estate, MUMBAI, 1)
    assert (status, said["promise"], served_by) == (200, "done", MUMBAI)
    assert entries(estate, MUMBAI) == before + 2
    wait_until("the standby has it", lambda: entries(estate, HYDERABAD) == before + 2, limit_s=5)


def test_only_the_primary_accepts_writes(opened_lab: Lab) -> None:
    control = opened_lab.control
    assert control.database(MUMBAI).accepts_writes is True
    assert control.database(HYDERABAD).accepts_writes is False
    assert ask_the_bank(opened_lab.estate, MUMBAI, "GET", "/ready")[0] == 200
    assert ask_the_bank(opened_lab.estate, HYDERABAD, "GET", "/ready")[0] == 503


def test_every_region_runs_its_workers_and_all_is_well(opened_lab: Lab) -> None:
    status = opened_lab.control.status()
    assert status["problems"] == []
    assert all(process["alive"] for process in status["processes"].values())
    names = [process.name for process in opened_lab.control.region_processes(MUMBAI)]
    assert len([name for name in names if name.startswith(f"bank-{MUMBAI}/")]) == 5
    assert f"postgres-{MUMBAI}/checkpointer" in names


def test_links_of_a_region_are_known_and_unknown_names_are_refused(opened_lab: Lab) -> None:
    touching = opened_lab.control.links_touching(MUMBAI)
    assert f"{HYDERABAD}>{MUMBAI}:replication" in touching
    assert f"clients>edge-{MUMBAI}" not in touching
    with pytest.raises(EstateError, match="no link was changed: there is no link nowhere"):
        opened_lab.control.cut(["nowhere"])
    with pytest.raises(EstateError, match="nothing was done: the lab has no region eu-west-1"):
        opened_lab.control.kill_region("eu-west-1")


def test_a_paused_database_does_not_answer_and_a_resumed_one_does(opened_lab: Lab) -> None:
    control = opened_lab.control
    control.pause_process(f"postgres-{HYDERABAD}")
    try:
        assert control.database(HYDERABAD).running is False
    finally:
        control.resume_process(f"postgres-{HYDERABAD}")
    assert control.database(HYDERABAD).running is True


def test_a_region_is_made_dark_and_light_again(opened_lab: Lab) -> None:
    control = opened_lab.control
    control.darken(MUMBAI)
    assert control.is_dark(MUMBAI)
    assert not control.is_dark(HYDERABAD)
    control.lighten(MUMBAI)
    assert not control.is_dark(MUMBAI)


def test_a_wrong_token_does_nothing(opened_lab: Lab) -> None:
    control = LabControl(layout_of(opened_lab.estate).control(), "guessed")
    with pytest.raises(EstateError, match="the lab's token is missing or wrong"):
        control.kill_region(MUMBAI)


def test_secrets_of_a_lab_are_for_its_owner_alone(opened_lab: Lab) -> None:
    secret = [opened_lab.directory / LAB_FILE, *(opened_lab.directory / "config").iterdir()]
    assert {oct(path.stat().st_mode & 0o777) for path in secret} == {"0o600"}


def test_a_region_is_lost_and_comes_back_fenced() -> None:
    with Lab.open(TARGET) as lab:
        control = lab.control
        assert transfer(lab.estate, MUMBAI, 1)[0] == 200
        victims = [psutil.Process(process.pid) for process in control.region_processes(MUMBAI) if process.alive]
        control.cut(control.links_touching(MUMBAI))
        killed = control.kill_region(MUMBAI)
        assert {victim.pid for victim in victims} <= set(killed)
        assert not any(process_tree.is_alive(victim) for victim in victims)
        assert not any(process.alive for process in control.region_processes(MUMBAI))
        assert control.database(MUMBAI).running is False
        assert control.kill_region(MUMBAI) == []
        control.start_region(MUMBAI, fenced=True)
        control.open(control.links_touching(MUMBAI))
        state = control.database(MUMBAI)
        assert (state.running, state.in_recovery, state.accepts_writes) == (True, True, False)
        status, said, _ = transfer(lab.estate, MUMBAI, 2)
        assert (status, said["promise"]) == (503, "not_done")
        assert control.status()["problems"] == []


def test_exactly_what_was_paid_behind_a_cut_replication_link_is_missing_afterwards() -> None:
    with Lab.open(TARGET) as lab:
        control = lab.control
        for number in range(10):
            assert transfer(lab.estate, MUMBAI, number)[0] == 200
        wait_until("the standby has them", lambda: entries(lab.estate, HYDERABAD) == 20, limit_s=5)
        control.cut([f"{HYDERABAD}>{MUMBAI}:replication"])
        for number in range(10, 17):
            assert transfer(lab.estate, MUMBAI, number)[0] == 200
        control.cut(control.links_touching(MUMBAI))
        control.kill_region(MUMBAI)
        assert entries(lab.estate, HYDERABAD) == 20


def test_two_labs_run_side_by_side_and_nothing_of_them_is_left(tmp_path: Path) -> None:
    with Lab.open(TARGET, tmp_path / "logs") as first, Lab.open(TARGET) as second:
        labs = (first, second)
        segments = segments_of(first) | segments_of(second)
        prefixes = [layout_of(lab.estate).prefix for lab in labs]
        assert prefixes[0] != prefixes[1]
        assert [transfer(lab.estate, MUMBAI, 1)[0] for lab in labs] == [200, 200]
        everything = [process for lab in labs for process in everything_of(lab.directory, lab.process.pid)]
    assert not any(process_tree.is_alive(process) for process in everything)
    assert not any(lab.directory.exists() for lab in labs)
    assert [listening_in(prefix) for prefix in prefixes] == [[], []]
    assert not segments & all_segments()
    assert (tmp_path / "logs" / f"postgres-{MUMBAI}.log").exists()


def test_a_lab_whose_owner_is_killed_leaves_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, TARGET.model_dump_json()], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        directory, supervisor = owner.stdout.readline().decode().split()
        everything = everything_of(Path(directory), int(supervisor))
        prefix = layout_of(LabControl.estate_of(directory)).prefix
        assert len(listening_in(prefix)) > 20
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    wait_until("the directory is gone", lambda: not Path(directory).exists(), limit_s=30)
    wait_until("all are gone", lambda: not any(map(process_tree.is_alive, everything)), limit_s=10)
    assert listening_in(prefix) == []


def test_a_lab_whose_supervisor_is_killed_leaves_nothing() -> None:
    with Lab.open(TARGET) as lab:
        segments = segments_of(lab)
        assert segments <= all_segments()
        everything = everything_of(lab.directory, lab.process.pid)
        control, prefix = lab.control, layout_of(lab.estate).prefix
        os.kill(lab.process.pid, signal.SIGKILL)
        wait_until("all are gone", lambda: not any(map(process_tree.is_alive, everything)), limit_s=10)
        with pytest.raises(EstateError, match=r"its supervisor at .* does not answer"):
            control.links()
    assert not lab.directory.exists()
    assert listening_in(prefix) == []
    assert not segments & all_segments()


def test_the_next_lab_sweeps_what_an_owner_and_a_supervisor_killed_together_left() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, TARGET.model_dump_json()], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        directory, supervisor = owner.stdout.readline().decode().split()
        everything = everything_of(Path(directory), int(supervisor))
        os.kill(int(supervisor), signal.SIGSTOP)
        os.kill(owner.pid, signal.SIGKILL)
        os.kill(int(supervisor), signal.SIGKILL)
        owner.wait()
    wait_until("all are gone", lambda: not any(map(process_tree.is_alive, everything)), limit_s=10)
    assert Path(directory).exists()
    said: list[str] = []
    with pytest.raises(EstateError):
        Lab.open(TARGET, settings=LabSettings(postgres_bin=Path("/nowhere")), progress=said.append)
    assert any(directory in line for line in said)
    assert not Path(directory).exists()


def test_a_process_that_dies_by_itself_is_told_with_its_last_words() -> None:
    with Lab.open(TARGET) as lab:
        os.kill(lab.control.status()["processes"]["network"]["pid"], signal.SIGKILL)
        wait_until("it is noticed", lambda: lab.control.status()["problems"], limit_s=10)
        with pytest.raises(EstateError, match=r"the lab's network does not answer .*network ended by itself"):
            lab.control.links()
        assert len(lab.control.status()["problems"]) == 1


def test_a_lab_without_postgresql_is_not_opened_and_says_why() -> None:
    with pytest.raises(EstateError, match="the lab was not opened: PostgreSQL's initdb"):
        Lab.open(TARGET, settings=LabSettings(postgres_bin=Path("/nowhere")))


def test_a_port_that_is_taken_everywhere_is_told_in_one_sentence() -> None:
    with socket.socket() as stranger:
        stranger.bind(("0.0.0.0", 18900))
        stranger.listen()
        with pytest.raises(EstateError, match=r"no free loopback network .*:18900 in use"):
            Lab.open(TARGET, settings=LabSettings(ports=Ports(control=18900)))


def test_a_target_that_is_not_a_lab_is_refused(lab_target: Target) -> None:
    with pytest.raises(BadInput, match="the lab was not opened"):
        Lab.open(lab_target.model_copy(update={"kind": "aws"}))
