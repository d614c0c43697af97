"""What a runbook may ask of one server of a replicated pair."""

from __future__ import annotations

from typing import Protocol

from drdrill.native.state import Check, NativeState


class Replica(Protocol):
    """One server. Every method has its own deadline, and raises ``Unprovable`` when the server does not answer in it."""

    engine: str

    def look(self) -> NativeState:
        """How it is now; changes nothing."""

    def fence(self) -> str:
        """Let this server take no more writes, prove it, and return up to where its log goes then."""

    def unfence(self) -> None:
        """Take ``fence`` back, half a fence too: this server takes writes again. Only before anybody else was promoted."""

    def until_received(self, position: str, *, limit_s: float) -> None:
        """Wait until this standby has applied the log up to ``position``, as ``fence`` of the primary returned it."""

    def promote(self, *, accept_loss: bool, limit_s: float) -> None:
        """Make this standby the primary, and wait until it takes writes.

        ``accept_loss`` gives up what was not received; without it an engine that can tell refuses when something is missing.
        """

    def checks(self) -> tuple[Check, ...]:
        """Whether a drill could use this server: versions, rights, role, replication. Changes nothing."""
