"""What RDS tells of a Multi-AZ instance: its events, newest last.

The words are those of "Amazon RDS event categories and event messages" in the RDS user guide; DescribeEvents gives no
numbers, so they stand beside the words here. RDS does not say that a standby is lost: those two sentences are the lab's own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

FAILOVER_STARTED = "Multi-AZ instance failover started."  # RDS-EVENT-0013
FAILOVER_TO_STANDBY = (  # RDS-EVENT-0015
    "Multi-AZ failover to standby complete - DNS propagation may take a few minutes."
)
FAILOVER_COMPLETED = "Multi-AZ instance failover completed"  # RDS-EVENT-0049
RESTARTED = "DB instance restarted"  # RDS-EVENT-0006
USER_ASKED = "The user requested a failover of the DB instance."
UNREACHABLE = "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity."
STANDBY_LOST = "(the lab's own words) The standby is lost: commits no longer wait for it, and are in one zone alone."
STANDBY_BACK = "(the lab's own words) A standby is in sync: every commit waits for it."
NOT_FAILED_OVER = (
    "(the lab's own words) Not failed over: the primary is lost, and no standby holds all that it acknowledged."
)

FAILOVER, AVAILABILITY = "failover", "availability"


@dataclass(frozen=True)
class Event:
    """One event of one instance."""

    source: str
    arn: str
    category: str
    message: str
    at: datetime

    def described(self) -> dict[str, Any]:
        """As DescribeEvents tells it."""
        return {
            "SourceIdentifier": self.source,
            "SourceType": "db-instance",
            "SourceArn": self.arn,
            "Message": self.message,
            "EventCategories": [self.category],
            "Date": self.at,
        }


def _aware(at: datetime | None) -> datetime | None:
    """A time as moto parsed it: without a zone it is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


class Events:
    """The events of all instances. Thread-safe."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(tz=UTC)) -> None:
        self._now = now
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def tell(self, source: str, arn: str, category: str, message: str) -> None:
        """Note an event of this moment."""
        with self._lock:
            self._events.append(Event(source, arn, category, message, self._now()))

    def between(self, began: datetime | None, ended: datetime | None, minutes: int | None) -> list[Event]:
        """Events of a span: by both ends, or of the last so many minutes (60, as with RDS, when nothing is said)."""
        until = _aware(ended) or self._now()
        since = _aware(began) or until - timedelta(minutes=minutes or 60)
        with self._lock:
            return [event for event in self._events if since <= event.at <= until]
