"""An open bank, an open drill that points at it, and loops that send to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drdrill.model.drill import Drill, Limits, Objectives, ServiceLevel, Strategy, Traffic
from drdrill.model.estate import Address, Estate, Session
from drdrill.model.target import Aurora, FrontDoor, Target

from .bank import Bank
from .names import NameServerOfOneName


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank().open() as bank:
        yield bank


@pytest.fixture
def names() -> Iterator[NameServerOfOneName]:
    server = NameServerOfOneName()
    yield server
    server.close()


class OpenDrill:
    """A session and a plan on disk, as the performer leaves them for its children."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.session_path = root / "session.json"
        self.logs = root / "logs"
        for folder in (self.logs, root / "operations"):
            folder.mkdir()

    def begin(self, host: str, port: int, *, dns: Address | None = None, **traffic: object) -> Session:
        target = _target(host, port)
        drill = Drill(
            drill_id="drill-1",
            title="a drill",
            experiment="a.yaml",
            experiment_sha256="0" * 64,
            disaster="region-loss",
            strategy=Strategy(data="aurora-global", application="warm-standby"),
            objectives=Objectives(),
            service_level=ServiceLevel(),
            traffic=Traffic.model_validate(traffic),
            limits=Limits(),
            target=target,
            seed=7,
        )
        plan = self.root / "plan.json"
        plan.write_text(drill.model_dump_json())
        session = Session(
            drill_id=drill.drill_id,
            evidence_dir=str(self.root),
            disaster=drill.disaster,
            estate=Estate(target=target, aws_endpoints={}, dns=dns, ledgers={}, front_doors={}),
            plan_path=str(plan),
        )
        self.session_path.write_text(session.model_dump_json())
        return session

    def record(self, name: str) -> Path:
        return self.root / "operations" / f"{name}.ops"


@pytest.fixture
def open_drill(tmp_path: Path) -> OpenDrill:
    return OpenDrill(tmp_path)


def _target(host: str, port: int) -> Target:
    regions = ("ap-south-1", "ap-south-2")
    return Target(
        name="lab",
        kind="lab",
        account_id="123456789012",
        primary_region=regions[0],
        recovery_region=regions[1],
        front_door=FrontDoor(host=host, port=port, hosted_zone="bank.example."),
        aurora=Aurora(global_cluster="bank", clusters=dict.fromkeys(regions, "bank")),
        load_balancers=dict.fromkeys(regions, "bank"),
        distributions=dict.fromkeys(regions, "bank"),
        release="1",
    )
