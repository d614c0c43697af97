"""chaos discover lists what the extension offers, with arguments and documentation."""

import drdrill.chaos
from drdrill.chaos import (
    actions,
    active_active,
    active_active_probes,
    aurora,
    aws,
    multi_az,
    multi_az_probes,
    native,
    native_probes,
    probes,
    snapshot_probes,
    snapshots,
)

ACTIONS = (actions, aurora, snapshots, multi_az, active_active, native)
PROBES = (probes, snapshot_probes, aws, multi_az_probes, active_active_probes, native_probes)


def test_every_exported_activity_is_discovered() -> None:
    """What ``__all__`` names is what is found, neither more nor less."""
    found = drdrill.chaos.discover()["activities"]
    assert {each["name"] for each in found} == {name for module in (*ACTIONS, *PROBES) for name in module.__all__}
    assert all(each["doc"] for each in found)


def test_probes_are_boolean_and_arguments_have_types() -> None:
    """Any other tolerance than a boolean has crashed Chaos Toolkit."""
    found = {each["name"]: each for each in drdrill.chaos.discover()["activities"]}
    assert {found[name]["return_type"] for module in PROBES for name in module.__all__} == {"boolean"}
    assert found["replication_lag_within"]["arguments"] == [{"name": "limit_s", "type": "number"}]
