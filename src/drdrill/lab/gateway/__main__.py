"""``python -m drdrill.lab.gateway --config FILE``: serves until SIGTERM; says ``ready`` when all listens."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import threading
from pathlib import Path

from drdrill.errors import DrillError
from drdrill.lab.gateway.config import GatewayConfig, read_config


def main() -> int:
    """Read the configuration, serve, and return the exit status."""
    parser = argparse.ArgumentParser(description="the AWS API of the lab")
    parser.add_argument("--config", type=Path, required=True, help="JSON file")
    try:
        return _serve(read_config(parser.parse_args().config))
    except DrillError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status


def _serve(config: GatewayConfig) -> int:
    # moto reads both when it is imported, so it is imported only now
    os.environ["MOTO_ACCOUNT_ID"] = config.target.account_id
    os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"
    from drdrill.lab.gateway.assembly import Assembly

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # calls into a dark region pile up
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    assembly = Assembly(config)
    try:
        assembly.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        told.wait()
    finally:
        assembly.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
