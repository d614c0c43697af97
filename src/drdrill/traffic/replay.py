"""A schedule that was recorded: the same arrivals again, faster or slower."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from drdrill.errors import BadInput
from drdrill.model.shape import Replay
from drdrill.record.arrivals import Journeys, RecordedArrivals, read_arrivals
from drdrill.traffic.journeys import JOURNEYS
from drdrill.traffic.schedule import Times

_BLOCK = 4096


@dataclass(frozen=True)
class ReplayedSchedule:
    """The arrivals of a file, ``speed`` times as fast; shared between workers as ``Schedule`` is. It ends with the last one."""

    arrivals: RecordedArrivals
    speed: float = 1.0
    worker: int = 0
    workers: int = 1

    @classmethod
    def of(cls, replay: Replay) -> Self:
        """The schedule of a plan. Raises ``BadInput`` with every problem of the file, or when it is not the one that was planned."""
        arrivals = read_arrivals(Path(replay.file), JOURNEYS)
        if replay.sha256 and arrivals.sha256 != replay.sha256:
            raise BadInput(
                "nothing is sent", [f"{replay.file} has changed since the plan was read; start the drill anew"]
            )
        return cls(arrivals, replay.speed)

    def share(self, worker: int, workers: int) -> Self:
        """What worker ``worker`` of ``workers`` sends: of the whole file every arrival whose number leaves ``worker``."""
        return replace(self, worker=worker, workers=workers)

    def problems(self) -> tuple[str, ...]:
        """Every reason for which this is no schedule; empty when it is one."""
        rules = (
            (self.speed > 0, f"a replay at {self.speed:g} times the speed never ends"),
            (0 <= self.worker < self.workers, f"worker {self.worker} is not among {self.workers} workers"),
        )
        return tuple(sentence for holds, sentence in rules if not holds)

    @property
    def journeys(self) -> Journeys:
        """The journey of every arrival of the whole file, as a place in ``JOURNEYS``, or -1."""
        return self.arrivals.journeys

    def offsets_ns(self) -> Iterator[Times]:
        """Due times from the start in ns, in blocks."""
        mine = self.arrivals.offsets_ns[self.worker :: self.workers]
        for first in range(0, len(mine), _BLOCK):
            yield np.rint(mine[first : first + _BLOCK] / self.speed).astype(np.int64)

    def due_ns(self, start_ns: int) -> Iterator[int]:
        """Absolute due times, one by one, for a schedule that starts at ``start_ns`` (``time.monotonic_ns``)."""
        for block in self.offsets_ns():
            yield from (block + start_ns).tolist()
