"""The prober: an even pulse of requests whose numbers do not depend on the load generator's health.

``python -m drdrill.traffic.prober`` in an open drill. Its own process, no gevent; one request every ``probe_spacing_s``, due by
the clock. A probe that is sent late is in the record with both times: it voids nothing in silence.
"""

from __future__ import annotations

import gc
import select
import signal
import sys
import time

from drdrill.errors import DrillError, EstateError
from drdrill.record.operations import OperationRecorder
from drdrill.traffic.briefing import SESSION, Briefing
from drdrill.traffic.journeys import round_robin
from drdrill.traffic.leash import accept_leash
from drdrill.traffic.open_loop import OpenLoop
from drdrill.traffic.schedule import Schedule

RECORDER = 1
NAME = "prober"


def probe(briefing: Briefing, recorder: OperationRecorder) -> None:
    """Probe until SIGTERM or SIGINT, then wait until what is in flight has ended or reached its deadline."""
    traffic, seed = briefing.traffic, briefing.drill.seed
    loop = OpenLoop(
        Schedule(rate_per_s=1 / traffic.probe_spacing_s).due_ns(time.monotonic_ns()),
        round_robin(traffic.probe_journeys, traffic.accounts, seed),
        recorder,
        briefing.terms(),
        select.epoll(),
        briefing.resolver(),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: loop.stop())
    gc.freeze()
    try:
        while not loop.finished:
            loop.turn(loop.rest_s())
    finally:
        loop.close()


def main() -> int:
    """Probe the open drill; returns the exit status."""
    try:
        briefing = Briefing.from_environment()
        if briefing is None:
            raise EstateError(f"nothing is probed: no drill is open ({SESSION} is not set)")
        with briefing.recorder(RECORDER, NAME) as recorder:
            accept_leash()
            probe(briefing, recorder)
    except DrillError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the log of this process)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
