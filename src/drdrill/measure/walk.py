"""Walking over many rows, some at a time, with two hands: numpy lets a second thread work while it computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

PART = 1 << 16
"""Rows that are looked at together: 4 MiB of operations, which a processor's cache holds while they are looked at."""

HANDS = 2
_AHEAD = 4


def walk[Item, Told](items: Iterable[Item], look: Callable[[Item], Told]) -> Iterator[Told]:
    """What ``look`` tells of each item, in their order, whoever was first.

    ``look`` may write only to rows that are its item's own. At most a few results wait to be taken. The first error is
    raised here.
    """
    ahead = list(_first_of(items := iter(items), 2))
    if len(ahead) < 2:
        yield from map(look, ahead)
        return
    with ThreadPoolExecutor(HANDS) as hands:
        waiting: deque[Future[Told]] = deque(hands.submit(look, item) for item in ahead)
        for item in items:
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
            waiting.append(hands.submit(look, item))
        while waiting:
            yield waiting.popleft().result()


def _first_of[Item](items: Iterator[Item], number: int) -> Iterator[Item]:
    for _, item in zip(range(number), items, strict=False):
        yield item
