"""chaos discover lists what the extension offers, with arguments and documentation."""

import drdrill.chaos
from drdrill.chaos import actions, aws, probes


def test_every_exported_activity_is_discovered() -> None:
    """What ``__all__`` names is what is found, neither more nor less."""
    found = drdrill.chaos.discover()["activities"]
    assert {each["name"] for each in found} == {*actions.__all__, *probes.__all__, *aws.__all__}
    assert all(each["doc"] for each in found)


def test_probes_are_boolean_and_arguments_have_types() -> None:
    """Any other tolerance than a boolean has crashed Chaos Toolkit."""
    found = {each["name"]: each for each in drdrill.chaos.discover()["activities"]}
    assert {found[name]["return_type"] for name in (*probes.__all__, *aws.__all__)} == {"boolean"}
    assert found["replication_lag_within"]["arguments"] == [{"name": "limit_s", "type": "number"}]
