"""Every fault of the catalogue, put through the conformance kit on a real lab."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.faults.conformance import check_fault

from drdrill.errors import BadInput
from drdrill.faults.catalogue import CATALOGUE, make_fault
from drdrill.faults.reach import Reach
from drdrill.model.fault import Fault

REPLICATION = "ap-south-2>ap-south-1:replication"
BOTH = [REPLICATION, "operators>ap-south-1"]


def _cut_only(reach: Reach) -> None:
    """A region loss that died between its first lever and its second."""
    reach.lab.cut(reach.lab.links_touching("ap-south-1"))


CASES: dict[str, tuple[dict[str, Any], Callable[[Reach], object]]] = {
    "region-loss": ({"region": "ap-south-1"}, _cut_only),
    "region-partition": ({"region": "ap-south-1"}, lambda reach: reach.lab.cut([REPLICATION])),
    "link-cut": ({"links": BOTH}, lambda reach: reach.lab.cut([REPLICATION])),
    "link-delay": ({"links": BOTH, "seconds": 0.05}, lambda reach: reach.lab.delay([REPLICATION], 0.05)),
    "link-throttle": ({"links": BOTH, "bytes_per_s": 1e9}, lambda reach: reach.lab.throttle([REPLICATION], 1e9)),
    # One lever: half of it is all of it.
    "control-plane-dark": ({"region": "ap-south-1"}, lambda reach: reach.lab.darken("ap-south-1")),
    "az-loss": ({"zone": "ap-south-1c"}, lambda reach: reach.lab.cut(reach.lab.links_touching("ap-south-1c"))),
    # A blow: there is no half of it, and whoever waits for its end may come before it was struck.
    "forced-failover": ({}, lambda reach: None),
}
OF_ZONES = ("az-loss", "forced-failover")


IN_A_LAB_OF_THEIR_OWN = {"snapshot-damage"}
"""Put through the same kit by ``test_snapshot_damage``: there must be snapshots to damage."""


def test_every_fault_has_a_case() -> None:
    """A fault that nobody has put through the kit may not be in the catalogue."""
    assert set(CASES) | IN_A_LAB_OF_THEIR_OWN == set(CATALOGUE)


@pytest.mark.lab
@pytest.mark.parametrize("name", CASES)
def test_it_conforms(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    reach: Reach = request.getfixturevalue("zoned_reach" if name in OF_ZONES else "reach")
    parameters, half = CASES[name]

    def elsewhere(fault: Fault) -> list[str]:
        assert reach.estate.lab_dir is not None
        return [reach.estate.lab_dir, str(tmp_path / "marks.jsonl"), fault.name, json.dumps(fault.parameters())]

    check_fault(lambda: make_fault(name, parameters, reach), lambda: half(reach), elsewhere)


@pytest.mark.lab
def test_healing_a_region_leaves_the_link_cut_that_another_fault_had_cut(reach: Reach) -> None:
    """The other fault's own heal opens it."""
    cut = make_fault("link-cut", {"links": [REPLICATION]}, reach)
    cut.inject()
    loss = make_fault("region-loss", {"region": "ap-south-1", "keep_cut": [REPLICATION]}, reach)
    loss.inject()
    loss.heal()
    loss.prove_healed()
    cut.prove()
    cut.heal()
    cut.prove_healed()


@pytest.mark.lab
def test_an_unknown_link_is_refused_before_anything_is_cut(reach: Reach) -> None:
    """With the names that there are."""
    fault = make_fault("link-cut", {"links": [REPLICATION, "nowhere"]}, reach)
    with pytest.raises(BadInput, match="there is no link 'nowhere'"):
        fault.inject()
    assert reach.lab.links()[REPLICATION].mode == "open"
