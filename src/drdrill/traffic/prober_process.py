"""The prober as a child process of the performer."""

from __future__ import annotations

import sys
from pathlib import Path

from drdrill.traffic.prober import NAME
from drdrill.traffic.process import TrafficProcess


class Prober(TrafficProcess):
    """``with Prober(session_path, logs):`` probes as the plan says; on leaving, its record is complete and closed."""

    def __init__(self, session_path: Path, logs: Path) -> None:
        super().__init__(NAME, session_path, logs, [sys.executable, "-m", "drdrill.traffic.prober"], [NAME])
