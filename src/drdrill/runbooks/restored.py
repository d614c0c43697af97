"""Step 5, hold: the service is back, and stays back long enough for the judge to call it restored."""

from __future__ import annotations

import time

from drdrill.model.mark import SERVICE_RESTORED
from drdrill.runbooks.scene import Scene
from drdrill.runbooks.service import Served, served_now
from drdrill.waiting import wait_until

SOURCE = "runbooks.restored"
_MARGIN_S = 2.0


def wait_until_service_restored(scene: Scene, *, limit_s: float) -> str:
    """Wait until every journey meets its level, mark ``service.restored``, and wait until that has held.

    A relapse begins the wait anew, with a mark of its own. It holds for the hold time, a window and a latency, and a margin:
    the judge must see the whole hold time before the fault is healed. Raises ``Unprovable`` after the limit.
    """
    level = scene.drill.service_level
    hold_ns = int((level.hold_s + level.window_s + level.latency_s + _MARGIN_S) * 1e9)
    began_ns: int | None = None
    last: tuple[Served, ...] = ()

    def held() -> bool:
        nonlocal began_ns, last
        now_ns = time.monotonic_ns()
        window_ns = int((level.window_s + level.latency_s) * 1e9)
        since_ns = now_ns - window_ns if began_ns is None else began_ns
        last = served_now(
            scene.folder.operations, tuple(scene.drill.traffic.journeys), level, now_ns=now_ns, since_ns=since_ns
        )
        if not all(journey.met for journey in last):
            # Right after the mark no operation is old enough to be judged yet; that is not a relapse.
            began_ns = began_ns if began_ns is not None and now_ns - began_ns < window_ns else None
            return False
        if began_ns is None:
            if not all(journey.clean for journey in last):
                return False
            began_ns = now_ns
            scene.marks.add(SERVICE_RESTORED, SOURCE, seen=[str(journey) for journey in last])
        return now_ns - began_ns >= hold_ns

    wait_until("the service has held", held, limit_s=limit_s, every_s=0.25, seen=lambda: [str(each) for each in last])
    return f"every journey met its level for {hold_ns / 1e9:g} s: {'; '.join(map(str, last))}"
