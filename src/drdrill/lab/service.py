"""How a process of the lab gets its configuration, says that it is ready, and arms itself for an outage."""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from typing import Any

READY = "ready"


def read_config(program: str) -> dict[str, Any]:
    """The JSON document that ``--config`` names."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--config", type=Path, required=True)
    config: dict[str, Any] = json.loads(parser.parse_args().config.read_text())
    return config


def say_ready() -> None:
    """Tell whoever started this process that all its addresses listen."""
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()


def raise_open_files_limit() -> None:
    """Take as many file descriptors as are allowed: an outage piles up connections."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
