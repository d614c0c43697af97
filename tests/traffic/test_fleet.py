"""What is refused before anything is opened, and what a worker elsewhere is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from drdrill.cli import main
from drdrill.errors import BadInput, EstateError
from drdrill.model.drill import Drill, Traffic
from drdrill.model.estate import Address, Session
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import MarkBook
from drdrill.traffic.briefing import Briefing
from drdrill.traffic.fleet import Fleet, LoadTerms, load_of, refuse_unwatched
from drdrill.traffic.load import WORKERS_MAX, LoadGenerator, given_share
from drdrill.traffic.worker_session import WorkerSession, read_worker_session

from .conftest import OpenDrill

ROOT = Path(__file__).parents[2]
ELSEWHERE = LoadTerms(workers=2, place="shared")


@pytest.mark.parametrize("workers", [0, WORKERS_MAX + 1])
def test_workers_must_have_numbers_of_their_own(workers: int) -> None:
    with pytest.raises(BadInput, match="1 to 88 can be numbered"):
        LoadTerms(workers=workers)


def test_a_master_is_for_workers_elsewhere() -> None:
    with pytest.raises(BadInput, match="say where they hand over"):
        LoadTerms(workers=2, master=Address(host="h", port=1))


def test_the_prober_must_see_every_journey_whose_load_is_elsewhere() -> None:
    traffic = Traffic(journeys={"transfer": 1, "balance": 1, "statement": 0}, probe_journeys=("transfer",))
    refuse_unwatched(traffic, LoadTerms(workers=2))
    with pytest.raises(BadInput, match="nobody on this machine would see balance while the drill runs"):
        refuse_unwatched(traffic, ELSEWHERE)
    refuse_unwatched(traffic.model_copy(update={"probe_journeys": ("transfer", "balance")}), ELSEWHERE)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--elsewhere", "shared"], "nobody on this machine would see"),
        (["--workers", "0"], "can be numbered"),
        (["--listen", "here"], "is not of the form HOST:PORT"),
    ],
)
def test_the_command_line_refuses_before_anything_is_opened(tmp_path: Path, words: list[str], told: str) -> None:
    experiment, target = ROOT / "experiments" / "aurora-global-region-loss.yaml", ROOT / "targets" / "lab.toml"
    options = ["--target", str(target), "--reports", str(tmp_path / "reports")]
    run = CliRunner().invoke(main, ["run", str(experiment), *options, *words])
    assert run.exit_code == 4
    assert told in " ".join(run.stderr.split())
    assert not (tmp_path / "reports").exists()


def test_a_share_is_told_by_the_environment() -> None:
    assert given_share({"DRDRILL_SHARE": "3/8"}) == (3, 8)
    assert given_share({}) is None


def test_without_a_place_the_load_is_made_here(open_drill: OpenDrill) -> None:
    open_drill.begin("127.0.0.1", 1)
    folder = RecordFolder(open_drill.root)
    assert isinstance(load_of(LoadTerms(workers=2), folder, MarkBook(folder.marks), print), LoadGenerator)


def test_a_fleet_that_does_not_come_together_says_who_is_missing(open_drill: OpenDrill, tmp_path: Path) -> None:
    open_drill.begin("127.0.0.1", 1)
    folder = RecordFolder(open_drill.root)
    terms = LoadTerms(workers=2, place=str(tmp_path / "shared"), start_limit_s=0.2)
    told: list[str] = []
    fleet = Fleet(terms, str(tmp_path / "shared"), folder, MarkBook(folder.marks), told.append)
    with pytest.raises(EstateError, match="waiting until every worker sends; last seen: locust-0 free, locust-1 free"):
        fleet.start()
    assert "drdrill load-worker" in told[0]
    assert not (folder.root / "worker-session.json").exists()


def session(open_drill: OpenDrill) -> WorkerSession:
    open_drill.begin("127.0.0.1", 8080, dns=Address(host="127.0.0.1", port=53))
    drill = Drill.model_validate_json((open_drill.root / "plan.json").read_bytes())
    keeper = Address(host="127.0.0.1", port=1)
    return WorkerSession(drill=drill, dns=keeper, workers=2, keeper=keeper, token="t", place="shared")


def test_a_worker_is_told_what_traffic_needs_and_no_more(open_drill: OpenDrill, tmp_path: Path) -> None:
    told = session(open_drill)
    path = told.unpack(tmp_path / "home")
    briefing = Briefing.read(path)
    estate = Session.model_validate_json(path.read_bytes()).estate
    assert (estate.ledgers, estate.aws_endpoints, estate.front_doors, estate.lab_dir) == ({}, {}, {}, None)
    assert (briefing.door.port, briefing.traffic, estate.dns) == (8080, told.drill.traffic, told.dns)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "token" not in path.read_text()
    with pytest.raises(BadInput, match="name a new folder"):
        told.unpack(tmp_path / "home")


def test_a_file_that_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_worker_session(tmp_path / "none.json")
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(BadInput, match="is not a worker session"):
        read_worker_session(tmp_path / "a.json")


def test_a_session_is_read_as_it_was_written(open_drill: OpenDrill, tmp_path: Path) -> None:
    told = session(open_drill)
    (tmp_path / "a.json").write_text(told.model_dump_json())
    assert read_worker_session(tmp_path / "a.json") == told
