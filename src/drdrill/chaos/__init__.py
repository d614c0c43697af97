"""The Chaos Toolkit extension: actions and probes of a drill. They perform, and never judge."""

from typing import Any

from chaoslib.discovery.discover import discover_actions, discover_probes, initialize_discovery_result

from drdrill import __version__

__all__ = ["discover"]


def discover(discover_system: bool = True) -> dict[str, Any]:
    """Every activity of this extension, for ``chaos discover --no-install drdrill``. Looks at no system."""
    del discover_system
    found: dict[str, Any] = initialize_discovery_result("drdrill", __version__, "drdrill")
    found["activities"].extend(discover_actions("drdrill.chaos.actions"))
    found["activities"].extend(discover_actions("drdrill.chaos.aurora"))
    found["activities"].extend(discover_actions("drdrill.chaos.snapshots"))
    found["activities"].extend(discover_probes("drdrill.chaos.probes"))
    found["activities"].extend(discover_probes("drdrill.chaos.snapshot_probes"))
    found["activities"].extend(discover_probes("drdrill.chaos.aws"))
    found["activities"].extend(discover_actions("drdrill.chaos.multi_az"))
    found["activities"].extend(discover_probes("drdrill.chaos.multi_az_probes"))
    found["activities"].extend(discover_actions("drdrill.chaos.active_active"))
    found["activities"].extend(discover_probes("drdrill.chaos.active_active_probes"))
    found["activities"].extend(discover_actions("drdrill.chaos.native"))
    found["activities"].extend(discover_probes("drdrill.chaos.native_probes"))
    return found
