"""Delay named links of the lab: the recovery region falls behind, and nothing else breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drdrill.errors import Unprovable
from drdrill.faults.link_cut import refuse_unknown_links
from drdrill.faults.reach import Reach
from drdrill.lab.link import Direction, LinkState


class LinkDelay:
    """Every byte on ``links`` arrives ``seconds`` later, one way."""

    name = "link-delay"

    def __init__(self, reach: Reach, *, links: Sequence[str], seconds: float, direction: Direction = "both") -> None:
        self._reach = reach
        self._links = tuple(links)
        self._seconds = seconds
        self._direction: Direction = direction

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"links": list(self._links), "seconds": self._seconds, "direction": self._direction}

    def inject(self) -> None:
        """Delay all of them at once."""
        refuse_unknown_links(self._reach, self._links)
        self._reach.lab.delay(self._links, self._seconds, self._direction)

    def prove(self) -> str:
        """Read the delays back; raises ``Unprovable`` when one of them is shorter than asked."""
        short = [name for name in self._links if any(seen < self._seconds for seen in self._delays(name))]
        if short:
            raise Unprovable(f"the delay is not proved: shorter than {self._seconds:g} s on {', '.join(short)}")
        return f"{len(self._links)} links read back as {self._seconds:g} s slower: {', '.join(self._links)}"

    def heal(self) -> None:
        """Take the links back to how the lab was opened, and leave cut what another fault has cut."""
        states = self._reach.lab.links()
        delayed = [name for name in self._links if states[name].mode == "open"]
        if delayed:
            self._reach.lab.open(delayed)

    def prove_healed(self) -> str:
        """Read the delays back; raises ``Unprovable`` while one of them is as long as the fault made it."""
        slow = [name for name in self._links if all(seen >= self._seconds for seen in self._delays(name))]
        if slow:
            raise Unprovable(f"the delay is not healed: still {self._seconds:g} s on {', '.join(slow)}")
        return f"{len(self._links)} links read back without the delay of {self._seconds:g} s"

    def _delays(self, name: str) -> list[float]:
        state: LinkState = self._reach.lab.links()[name]
        ways = {"forward": [state.forward], "backward": [state.backward], "both": [state.forward, state.backward]}
        return [flow.delay_s for flow in ways[self._direction]]
