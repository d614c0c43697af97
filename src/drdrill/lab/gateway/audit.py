"""The trail of every API call, one JSON object a line: what CloudTrail would have known."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path


class AuditTrail:
    """Appends to a file; each line is one ``write``. ``at_ns`` is monotonic, ``time`` is a label."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()

    def write(self, *, began_ns: int, **facts: object) -> None:
        """Note one call; ``facts`` are service, operation, region, status, error, mutating."""
        now_ns = time.monotonic_ns()
        line = {
            "time": datetime.now(tz=UTC).isoformat(timespec="milliseconds"),
            "at_ns": began_ns,
            "took_ms": round((now_ns - began_ns) / 1e6, 3),
            **facts,
        }
        with self._lock:
            os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            os.close(self._file)
