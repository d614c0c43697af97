"""One lock per service: moto has none, and loses updates when two threads change one service at a time."""

from __future__ import annotations

import threading
from collections import defaultdict

Locks = defaultdict[str, threading.RLock]


def per_service() -> Locks:
    """A lock for each service, made when first asked for."""
    return defaultdict(threading.RLock)
