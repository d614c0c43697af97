"""One link of the lab's network: between which places it runs, and how it is at the moment."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from drdrill.model.frozen import Frozen

Mode = Literal["open", "blackhole", "reset"]
"""``blackhole``: bytes vanish, nothing answers, new connections hang. ``reset``: every connection is reset, new ones are refused."""

Direction = Literal["forward", "backward", "both"]
"""``forward`` is the way a link's name points (from client to server); ``backward`` is the way back."""


class Flow(Frozen):
    """One direction of a link: one-way delay, and the most bytes a second (None: no limit)."""

    delay_s: float = Field(default=0.0, ge=0)
    bytes_per_s: float | None = Field(default=None, gt=0)


class Link(Frozen):
    """A relay that is to be: its name, where it listens, where it leads, the two places that it joins, and how it rests."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    listen: str
    upstream: str
    from_place: str = Field(alias="from")
    to_place: str = Field(alias="to")
    forward: Flow = Flow()
    backward: Flow = Flow()


class LinkChange(Frozen):
    """What is to become of the named links; None leaves it as it is.

    ``restore`` takes both directions back to how the lab was opened, before anything else of this change is applied.
    ``unthrottled`` takes the limit of bytes a second away.
    """

    names: tuple[str, ...]
    mode: Mode | None = None
    delay_s: float | None = Field(default=None, ge=0)
    bytes_per_s: float | None = Field(default=None, gt=0)
    unthrottled: bool = False
    direction: Direction = "both"
    restore: bool = False


class LinkState(Frozen):
    """A link as it is now. ``forwarded`` and ``returned`` count the bytes handed over since the lab was opened."""

    name: str
    mode: Mode
    forward: Flow
    backward: Flow
    from_place: str
    to_place: str
    connections: int
    forwarded: int
    returned: int
