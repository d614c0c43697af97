"""The zones of a Multi-AZ lab: who is where, and that nothing of a zone can be reached but by a link that is cut with it."""

from pathlib import Path
from tomllib import loads

import pytest

from drdrill.errors import EstateError
from drdrill.lab.layout import Layout
from drdrill.lab.passwords import Passwords
from drdrill.lab.programs import Programs
from drdrill.lab.settings import LabSettings
from drdrill.lab.zones import Zones, is_in, multi_az_of, region_of_zone
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target

TARGET = Target.model_validate(loads((Path(__file__).parents[2] / "targets" / "lab.toml").read_text()))
SETTINGS = LabSettings(strategy=Strategy(data="multi-az", application="warm-standby"))
LAYOUT = Layout("127.1.2", TARGET, SETTINGS)
PROGRAMS = Programs(LAYOUT, Passwords(), "token", Path("logs"))


def zones() -> Zones:
    found = LAYOUT.zones
    assert found is not None
    return found


def test_a_zone_is_in_its_region_and_in_no_other() -> None:
    assert region_of_zone("ap-south-1a") == "ap-south-1"
    assert is_in("ap-south-1a", "ap-south-1")
    assert is_in("ap-south-1a", "ap-south-1a")
    assert not is_in("ap-south-1a", "ap-south-1b")
    assert not is_in("ap-south-2", "ap-south-1")


def test_no_two_things_listen_at_one_address() -> None:
    """Of relays, servers and workers."""
    places = LAYOUT.every_port()
    assert len(places) == len(set(places))


def test_the_workers_are_spread_over_both_zones() -> None:
    first, second = (zones().workers(zone) for zone in zones().banks)
    assert len(first) + len(second) == SETTINGS.workers_per_region
    assert {worker.host for worker in first}.isdisjoint(worker.host for worker in second)
    assert len({worker.port for worker in (*first, *second)}) == SETTINGS.workers_per_region


@pytest.mark.parametrize("zone", ["ap-south-1a", "ap-south-1b", "ap-south-1c"])
def test_every_way_to_a_host_of_a_zone_is_a_link_that_is_cut_with_it(zone: str) -> None:
    """A link that led into a zone without bearing its name would go on in its loss."""
    host = zones().database(zone).host
    leading = [link for link in LAYOUT.links() if link.upstream.startswith(f"{host}:")]
    assert leading
    assert [link.name for link in leading if zone not in (link.from_place, link.to_place)] == []


def test_the_replicas_follow_either_zone_and_the_zones_each_other() -> None:
    names = {link.name for link in LAYOUT.links() if link.name.endswith(":replication")}
    followers = ("ap-south-1c", "ap-south-2")
    either = {f"{follower}>{zone}:replication" for follower in followers for zone in ("ap-south-1a", "ap-south-1b")}
    assert names == either | {"ap-south-1a>ap-south-1b:replication", "ap-south-1b>ap-south-1a:replication"}


def test_the_bank_knows_its_database_by_name_alone() -> None:
    for zone, told in PROGRAMS.banks("ap-south-1").items():
        assert "bank-ledger." in told["dsn"], zone
        assert "bank-ledger-reader." in told["reader"], zone
        assert told["dns"] == str(LAYOUT.dns())


def test_the_planted_delay_is_on_the_standbys_log_and_nowhere_else() -> None:
    planted = SETTINGS.model_copy(update={"asynchronous_standby_s": 0.5})
    links = Programs(Layout("127.1.2", TARGET, planted), Passwords(), "token", Path("logs")).network()["links"]
    late = {link["name"] for link in links if link["backward"]["delay_s"] > 0}
    assert late == {"ap-south-1a>ap-south-1b:replication", "ap-south-1b>ap-south-1a:replication"}


def test_without_zones_in_the_target_no_lab_is_opened() -> None:
    with pytest.raises(EstateError, match=r"no section \[multi_az\]"):
        multi_az_of(TARGET.model_copy(update={"multi_az": None}))
