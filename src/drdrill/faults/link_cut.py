"""Cut named links of the lab, and nothing else: a partition without a loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drdrill.errors import BadInput, Unprovable
from drdrill.faults.reach import Reach
from drdrill.lab.link import Mode


class LinkCut:
    """``links`` lose every byte (``blackhole``) or every connection (``reset``), established connections included."""

    name = "link-cut"

    def __init__(self, reach: Reach, *, links: Sequence[str], mode: Mode = "blackhole") -> None:
        self._reach = reach
        self._links = tuple(links)
        self._mode: Mode = mode

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"links": list(self._links), "mode": self._mode}

    def inject(self) -> None:
        """Cut all of them within one turn of the relays."""
        refuse_unknown_links(self._reach, self._links)
        self._reach.lab.cut(self._links, self._mode)

    def prove(self) -> str:
        """Read the links back; raises ``Unprovable`` when one of them is not cut."""
        states = self._reach.lab.links()
        wrong = [f"{name} is {states[name].mode}" for name in self._links if states[name].mode != self._mode]
        if wrong:
            raise Unprovable(f"the cut is not proved: {', '.join(wrong)}")
        return f"{len(self._links)} links read back as {self._mode}: {', '.join(self._links)}"

    def heal(self) -> None:
        """Open them again; opening an open link changes nothing."""
        self._reach.lab.open(self._links)

    def prove_healed(self) -> str:
        """Read the links back; raises ``Unprovable`` when one of them is not open."""
        states = self._reach.lab.links()
        shut = [f"{name} is {states[name].mode}" for name in self._links if states[name].mode != "open"]
        if shut:
            raise Unprovable(f"the cut is not healed: {', '.join(shut)}")
        return f"{len(self._links)} links read back as open"


def refuse_unknown_links(reach: Reach, links: Sequence[str]) -> None:
    """Refuse names that no link has, all of them at once. Raises ``BadInput``."""
    known = reach.lab.links()
    unknown = [
        f"there is no link {name!r}; there are {', '.join(sorted(known))}" for name in links if name not in known
    ]
    if unknown or not links:
        raise BadInput("not injecting", unknown or ["no link was named"])
