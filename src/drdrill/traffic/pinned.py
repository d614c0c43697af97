"""Customers whose device still has the address of one region, whatever the name says now: a cache without mercy."""

from __future__ import annotations

import select
import time
from itertools import islice

from drdrill.aws.clients import AwsClients
from drdrill.aws.front_door import resolve
from drdrill.errors import Unprovable
from drdrill.model.estate import Session
from drdrill.model.operation import Outcome
from drdrill.traffic.answer import Answer
from drdrill.traffic.briefing import Briefing
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import JOURNEYS, TRANSFER, Errand, round_robin
from drdrill.traffic.open_loop import OpenLoop
from drdrill.traffic.resolver import LiteralAddress

_SPACING_NS = 10_000_000


def pay_at(session: Session, region: str, count: int, recorder_number: int) -> list[int]:
    """Try ``count`` transfers at the address that ``region`` has in the front door; returns the ids of those acknowledged.

    Each is tried once, 10 ms apart, and recorded as it ended. Raises ``Unprovable`` when the region has no address.
    """
    briefing = Briefing.of(session)
    port = session.estate.target.front_door.port
    resolver = LiteralAddress(Door(_address_of(session, region), port))
    acked: list[int] = []

    def told(op_id: int, _errand: Errand, answer: Answer, _due_ns: int, _done_ns: int) -> None:
        if answer.outcome == Outcome.ACKED:
            acked.append(op_id)

    with briefing.recorder(recorder_number, f"transfers-{recorder_number}") as recorder:
        errands = round_robin([JOURNEYS[TRANSFER]], briefing.traffic.accounts, briefing.drill.seed + recorder_number)
        now_ns = time.monotonic_ns()
        due_ns = iter([now_ns + number * _SPACING_NS for number in range(count)])
        loop = OpenLoop(due_ns, islice(errands, count), recorder, briefing.terms(), select.epoll(), resolver, told=told)
        try:
            while not loop.finished:
                loop.turn(loop.rest_s())
        finally:
            loop.close()
    return acked


def _address_of(session: Session, region: str) -> str:
    """Where the region's distribution is, by its own name: what the front door's name once led to."""
    name = session.estate.target.distributions[region]
    pages = AwsClients(session.estate).cloudfront().get_paginator("list_distributions").paginate()
    listed = [item for page in pages for item in page.get("DistributionList", {}).get("Items", [])]
    for item in listed:
        if name in (item.get("Id"), item.get("Comment")):
            found = resolve(session.estate, name=item["DomainName"])
            if found:
                return found[0]
    raise Unprovable(f"nobody pays at {region}: its distribution {name!r} has no address")
