"""Sending a few errands through a real open loop, and what the record says of them."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from drdrill.model.operation import Operations
from drdrill.record.operations import OperationRecorder, read_operations
from drdrill.traffic.briefing import region_codes
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import BALANCE, JOURNEYS, TRANSFER, Errand
from drdrill.traffic.open_loop import OpenLoop, Terms
from drdrill.traffic.resolver import LiteralAddress, Resolver

REGIONS = ("none", "ap-south-1", "ap-south-2")
A_TRANSFER = Errand(TRANSFER, 1, 100_00, 1, 2)
A_BALANCE = Errand(BALANCE, 0, 0, 3, -1)


def sent(
    path: Path,
    port: int,
    errand: Errand = A_TRANSFER,
    *,
    count: int = 1,
    spacing_s: float = 0.001,
    deadline_s: float = 0.5,
    cap: int = 500,
    resolver: Resolver | None = None,
    host: str = "127.0.0.1",
) -> Operations:
    """The record of ``count`` errands, sent by the clock."""
    begun_ns = time.monotonic_ns()
    due = [begun_ns + int(number * spacing_s * 1e9) for number in range(count)]
    return sent_at(path, Door(host, port), due, errand, deadline_s=deadline_s, cap=cap, resolver=resolver)


def sent_at(
    path: Path,
    door: Door,
    due_ns: Sequence[int],
    errand: Errand,
    *,
    deadline_s: float,
    cap: int = 500,
    resolver: Resolver | None = None,
) -> Operations:
    errands: Iterator[Errand] = cycle([errand])
    terms = Terms(door, deadline_s, cap, region_codes(REGIONS))
    with OperationRecorder.create(path, 5, "test", JOURNEYS, REGIONS) as recorder:
        loop = OpenLoop(iter(due_ns), errands, recorder, terms, select.epoll(), resolver or LiteralAddress(door))
        while not loop.finished:
            loop.turn(loop.rest_s())
        loop.close()
    operations, _, _, _, problems = read_operations(path)
    assert problems == ()
    return operations


class Customer:
    """An open loop in hand: sends when told to, and hears when told to."""

    def __init__(
        self, path: Path, door: Door, *, keep: bool = True, deadline_s: float = 2.0, resolver: Resolver | None = None
    ) -> None:
        self._recorder = OperationRecorder.create(path, 5, "test", JOURNEYS, REGIONS)
        terms = Terms(door, deadline_s, 500, region_codes(REGIONS), keep)
        self.loop = OpenLoop(
            iter(()), cycle([A_TRANSFER]), self._recorder, terms, select.epoll(), resolver or LiteralAddress(door)
        )

    def send(self, count: int = 1) -> None:
        """Send at once, so many, and hear nothing."""
        for _ in range(count):
            self.loop.send(A_TRANSFER, time.monotonic_ns())

    def ask(self, count: int = 1) -> None:
        """Send one after another, each when the one before has ended."""
        for _ in range(count):
            self.send()
            self.settle()

    def settle(self) -> None:
        """Hear until nothing is in flight."""
        while self.loop.in_flight:
            self.loop.turn(self.loop.rest_s())

    def hear_for(self, seconds: float) -> None:
        """Hear for a while, whether anything is in flight or not."""
        until_ns = time.monotonic_ns() + int(seconds * 1e9)
        while (rest_ns := until_ns - time.monotonic_ns()) > 0:
            self.loop.turn(rest_ns / 1e9)

    def operations(self) -> Operations:
        """Close, and read the record."""
        self.loop.close()
        self._recorder.close()
        operations, _, _, _, problems = read_operations(self._recorder.path)
        assert problems == ()
        return operations
