"""Throttle named links of the lab: a copy that takes seconds takes long enough for something to happen in the middle of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drdrill.errors import Unprovable
from drdrill.faults.link_cut import refuse_unknown_links
from drdrill.faults.reach import Reach


class LinkThrottle:
    """At most ``bytes_per_s`` pass each of ``links``, each way, all its connections together."""

    name = "link-throttle"

    def __init__(self, reach: Reach, *, links: Sequence[str], bytes_per_s: float) -> None:
        self._reach = reach
        self._links = tuple(links)
        self._bytes_per_s = bytes_per_s

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"links": list(self._links), "bytes_per_s": self._bytes_per_s}

    def inject(self) -> None:
        """Throttle all of them at once."""
        refuse_unknown_links(self._reach, self._links)
        self._reach.lab.throttle(self._links, self._bytes_per_s)

    def prove(self) -> str:
        """Read the limits back; raises ``Unprovable`` when a link may carry more than asked."""
        free = [name for name in self._links if not self._is_throttled(name)]
        if free:
            raise Unprovable(f"the throttle is not proved: no limit of {self._bytes_per_s:g} B/s on {', '.join(free)}")
        return f"{len(self._links)} links read back as limited to {self._bytes_per_s:g} B/s: {', '.join(self._links)}"

    def heal(self) -> None:
        """Take the limits away; a link that another fault has cut stays cut."""
        self._reach.lab.throttle(self._links, None)

    def prove_healed(self) -> str:
        """Read the limits back; raises ``Unprovable`` while one of them is in force."""
        slow = [name for name in self._links if self._is_throttled(name)]
        if slow:
            raise Unprovable(f"the throttle is not healed: still {self._bytes_per_s:g} B/s on {', '.join(slow)}")
        return f"{len(self._links)} links read back without the limit"

    def _is_throttled(self, name: str) -> bool:
        state = self._reach.lab.links()[name]
        limits = (state.forward.bytes_per_s, state.backward.bytes_per_s)
        return all(limit is not None and limit <= self._bytes_per_s for limit in limits)
