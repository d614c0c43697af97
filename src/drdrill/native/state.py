"""One server of a replicated pair as it says of itself, whichever engine it is."""

from __future__ import annotations

from typing import Literal

from drdrill.model.frozen import Frozen

Role = Literal["primary", "standby", "unknown"]


class NativeState(Frozen):
    """One look at one server.

    ``accepts_writes`` is None where the engine cannot say. ``receiving`` is whether a standby gets the primary's log at
    this moment; None for a primary, or when one look is not enough to know. ``lag_s`` is the engine's own estimate of how
    far a standby is behind, in seconds (a primary's: of the one that is furthest behind, where it knows), and ``lag_source`` the column or function that it comes from: an estimate before the
    event, never the loss. ``unsent_bytes`` is what the primary knows that the standby has not, where it can be known.
    """

    engine: str
    version: str
    role: Role
    accepts_writes: bool | None = None
    receiving: bool | None = None
    lag_s: float | None = None
    lag_source: str = ""
    unsent_bytes: int | None = None
    note: str = ""

    def __str__(self) -> str:
        writes = {True: "takes writes", False: "refuses writes", None: "does not say whether it takes writes"}
        said = [f"{self.engine} {self.version}", self.role, writes[self.accepts_writes]]
        if self.receiving is not None:
            said.append("receives the log" if self.receiving else "receives nothing")
        if self.lag_s is not None:
            said.append(f"{self.lag_s:.3f} s behind by {self.lag_source}")
        return ", ".join([*said, self.note] if self.note else said)


class Check(Frozen):
    """One line of a self-check: what was looked at, whether it is right (None: could not be seen), and what to do."""

    name: str
    ok: bool | None
    seen: str
    todo: str = ""
