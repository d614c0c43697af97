"""The bank's workers of one region as a node group: more of them when it grows, none when it is scaled to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drdrill.errors import EstateError
from drdrill.lab.child import Child
from drdrill.lab.region import Region

MakeWorkers = Callable[[int, int], Child]
"""Given two numbers, a program that will run the workers from the first up to but without the second."""


class NodeGroup:
    """The workers of a region. Each growth starts one more program, so that those who serve are not disturbed."""

    def __init__(self, region: Region, make: MakeWorkers, size: int, most: int) -> None:
        self.size = size
        self._region = region
        self._make = make
        self._most = most
        self._grown: list[tuple[int, Child]] = []
        self._one_at_a_time = asyncio.Lock()

    async def resize(self, wanted: int, limit_s: float) -> None:
        """Return when so many workers run.

        Raises ``EstateError`` beyond the region's addresses, and for a size that would split a program that was started as one.
        """
        if not 0 <= wanted <= self._most:
            raise EstateError(f"nothing was scaled: {self._region.name} has room for 0 to {self._most} workers")
        async with self._one_at_a_time:
            while wanted < self.size:
                await self._shrink(wanted)
            if wanted > self.size:
                await self._grow(wanted, limit_s)

    async def _grow(self, wanted: int, limit_s: float) -> None:
        child = self._make(self.size, wanted)
        await child.start()
        self._region.programs.append(child)
        await child.wait_until_ready(limit_s)
        self._grown.append((self.size, child))
        self.size = wanted

    async def _shrink(self, wanted: int) -> None:
        if not self._grown or self._grown[-1][0] < wanted:
            sizes = ", ".join(str(before) for before, _ in self._grown) or "none smaller"
            raise EstateError(f"nothing was scaled: workers end as they were started; possible are {sizes}")
        before, child = self._grown.pop()
        child.expected_to_run = False
        if child.process is not None and child.alive():
            child.process.terminate()
            await child.wait()
        self._region.programs.remove(child)
        self.size = before
