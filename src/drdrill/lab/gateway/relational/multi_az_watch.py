"""RDS's own eyes: one thread for each database, that looks through links which are cut with the database's zone."""

from __future__ import annotations

import threading
import time

from drdrill.lab.gateway.database import Database, Observation

EVERY_S = 0.2
ANSWER_S = 0.8


class Watch:
    """One database, looked at again and again. Thread-safe."""

    def __init__(self, place: str, dsn: str) -> None:
        self.place = place
        self.database = Database(place, dsn)
        self._looker = Database(place, dsn)  # its own connection: a look must not wait for a promotion
        self._seen: Observation | None = None
        self._began_ns = time.monotonic_ns()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch-{place}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._began_ns = time.monotonic_ns()
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and close the connections."""
        self._stopping.set()
        self._thread.join(timeout=5.0)
        self._looker.close()
        self.database.close()

    @property
    def newest(self) -> Observation | None:
        """The newest answer, however old it is."""
        return self._seen

    @property
    def silent_s(self) -> float:
        """How long ago the newest answer came."""
        last_ns = self._began_ns if self._seen is None else self._seen.at_ns
        return (time.monotonic_ns() - last_ns) / 1e9

    def fresh(self, within_s: float = 1.5) -> Observation | None:
        """The newest answer, if it is no older than that."""
        return self._seen if self.silent_s <= within_s else None

    def _watch(self) -> None:
        while not self._stopping.wait(EVERY_S):
            seen = self._looker.observe(ANSWER_S)
            if seen is not None:
                self._seen = seen
