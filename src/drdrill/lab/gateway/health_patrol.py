"""The health checkers at work: a thread per checker and check, on its own even schedule."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drdrill.lab.gateway.health_check import CHECKERS, Checker, HealthCheck, is_healthy, look

_RECONCILE_S = 0.2


class _Patrol:
    """The checkers of one health check."""

    def __init__(self, check: HealthCheck) -> None:
        self.check = check
        self.checkers = [Checker(region) for region in CHECKERS]
        self._stopping = threading.Event()
        for number in range(len(self.checkers)):
            threading.Thread(target=self._walk, args=(number,), name=f"checker-{number}", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _walk(self, number: int) -> None:
        """Look once an interval; the checkers take turns, so that the endpoint is asked evenly."""
        due = time.monotonic() + number * self.check.interval_s / len(self.checkers)
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            check = self.check
            if not check.disabled:
                self.checkers[number].note(look(check), check.threshold)
            due = max(due + check.interval_s, time.monotonic())


class HealthPatrol:
    """Keeps a patrol for every health check that Route 53 has. Thread-safe to ask."""

    def __init__(self, checks: Callable[[], list[HealthCheck]]) -> None:
        self._checks = checks
        self._patrols: dict[str, _Patrol] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._reconcile, name="health-patrol", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        for patrol in list(self._patrols.values()):
            patrol.stop()

    def is_healthy(self, check_id: str) -> bool:
        """The conclusion about a check; one that is not there counts as healthy, as with Route 53."""
        patrol = self._patrols.get(check_id)
        return patrol is None or is_healthy(patrol.check, patrol.checkers)

    def checkers(self, check_id: str) -> list[Checker]:
        """What every checker of a check has seen; empty for a check that is not there."""
        patrol = self._patrols.get(check_id)
        return [] if patrol is None else patrol.checkers

    def refresh(self) -> None:
        """Take over what was created, changed or deleted."""
        wanted = {check.id: check for check in self._checks()}
        for check_id in set(self._patrols) - set(wanted):
            self._patrols.pop(check_id).stop()
        for check_id, check in wanted.items():
            if check_id in self._patrols:
                self._patrols[check_id].check = check
            else:
                self._patrols[check_id] = _Patrol(check)

    def _reconcile(self) -> None:
        while not self._stopping.wait(_RECONCILE_S):
            self.refresh()
