"""PostgreSQL that the bank replicates by itself: the same two servers as Aurora's, but nobody else moves them.

What promotes and fences here is SQL by a role with few rights, as on machines of the bank's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from drdrill.lab.planes.aurora_global import AuroraGlobalPlane
from drdrill.lab.planes.plane import Verb


class NativeReplicationPlane(AuroraGlobalPlane):
    """One server in each region; Hyderabad's follows Mumbai's. No control plane exchanges their roles."""

    def verbs(self) -> Mapping[str, Verb]:
        """The hands on the old primary's machine that turn it round, and nothing else: promotion and fence are SQL."""
        return {"rejoin": super().verbs()["rejoin"]}
