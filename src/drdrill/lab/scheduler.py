"""The scheduler of a region: calls one function at an interval, as EventBridge calls a Lambda. ``python -m drdrill.lab.scheduler --config FILE``.

It lives in its region, and dies with it. The function gets what a Lambda gets: its environment, an event, a context. Its
errors are written down, and the next call comes as planned; a call that takes longer than the interval delays the next one.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from drdrill.lab.serving import main
from drdrill.model.frozen import Frozen

LOG = logging.getLogger("scheduler")
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "VIRTUAL_ENV")


class ScheduleConfig(Frozen):
    """The module whose ``handler`` is called every ``every_s``, and the whole environment that it sees."""

    function: str
    every_s: float
    environment: dict[str, str]


@dataclass(frozen=True)
class Context:
    """The part of a Lambda's context that a function may look at."""

    function_name: str
    aws_request_id: str


def run(config: ScheduleConfig, ready: Callable[[], None]) -> int:
    """Call until SIGTERM."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    os.environ.clear()
    os.environ.update({**inherited, **config.environment})
    handler = importlib.import_module(config.function).handler
    ready()
    due, calls = time.monotonic(), 0
    while not told.wait(max(0.0, due - time.monotonic())):
        calls += 1
        _call(handler, Context(config.function.rsplit(".", 1)[-1], f"call-{calls}"))
        due = max(due + config.every_s, time.monotonic())
    return 0


def _call(handler: Callable[[object, object], object], context: Context) -> None:
    try:
        handler({"source": "the lab's scheduler"}, context)
    except Exception:
        # The edge of the process, as in AWS: an error of the function ends one call, never the schedule.
        LOG.exception("%s %s failed", context.function_name, context.aws_request_id)


if __name__ == "__main__":
    sys.exit(main("the scheduler", ScheduleConfig, run))
