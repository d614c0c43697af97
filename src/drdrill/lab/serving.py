"""How the HTTP programs of the lab begin and end: ``--config FILE``, the line ``ready``, SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from drdrill.errors import BadInput, DrillError, EstateError
from drdrill.model.frozen import Frozen

BACKLOG = 1024
"""Connections that may wait while a process is frozen: its clients must see silence, not a refusal."""


def main[C: Frozen](what: str, config_type: type[C], run: Callable[[C, Callable[[], None]], int]) -> int:
    """Read the configuration, run, and return the exit status; ``run`` calls its second argument when all listens."""
    parser = argparse.ArgumentParser(description=f"{what} of the lab")
    parser.add_argument("--config", type=Path, required=True, help="JSON file")
    path = parser.parse_args().config
    try:
        return run(_read_config(what, config_type, path), _say_ready)
    except DrillError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _read_config[C: Frozen](what: str, config_type: type[C], path: Path) -> C:
    try:
        return config_type.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{what} does not start", [f"{path} cannot be read: {error.strerror}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise BadInput(f"{what} does not start, {path} is wrong", problems) from error


def listening_socket(address: str) -> socket.socket:
    """A socket that listens on ``host:port``. Raises ``EstateError`` when the address is taken or not ours."""
    host, _, port = address.rpartition(":")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise EstateError(f"nothing is served: {address} cannot be listened on ({error.strerror})") from error
    listener.setblocking(False)
    return listener


async def until_terminated(ready: Callable[[], None]) -> None:
    """Call ``ready``, then wait for SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    ready()
    await told.wait()
