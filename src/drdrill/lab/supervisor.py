"""The process that a lab is: it starts everything, answers the lab's control, and takes everything down with itself.

1 claim a network  2 start all programs  3 primary database  4 standby through the relay  5 all are ready
6 the front door answers  7 obey, until told to end or until the owner is gone  8 kill all, remove the directory
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from drdrill.errors import DrillError, EstateError
from drdrill.lab import process_tree
from drdrill.lab.child import Child, python_child
from drdrill.lab.control import LAB_FILE
from drdrill.lab.layout import Layout
from drdrill.lab.node_group import NodeGroup
from drdrill.lab.opening import Opening, Phases, Word, say
from drdrill.lab.passwords import Passwords
from drdrill.lab.planes.plane import Ground, Plane
from drdrill.lab.postgres.account import Account, server_account
from drdrill.lab.postgres.binaries import find_binaries, usable_by
from drdrill.lab.programs import Programs
from drdrill.lab.region import Region
from drdrill.lab.service import raise_open_files_limit, read_config
from drdrill.lab.snapshots.programs import functions_of, shelf_of
from drdrill.lab.subnet import claim_subnet
from drdrill.model.estate import Estate

FREE_BYTES_MIN = 400 << 20
LOOK_S = 1.0


class Supervisor:
    """One lab, from its opening to its end."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.settings = opening.settings
        self.phases = Phases()
        self.problems: list[str] = []
        self.everywhere: list[Child] = []
        self.regions: dict[str, Region] = {}
        self._starting: list[Child] = []
        sketch = Layout("127.0.0", opening.target, opening.settings)
        self.subnet = claim_subnet(opening.settings.ports.control, sketch.every_port())
        self.layout = Layout(self.subnet.prefix, opening.target, opening.settings)
        self.programs = Programs(self.layout, Passwords(), secrets.token_urlsafe(24), opening.logs)

    async def start(self) -> None:
        """Start every program but PostgreSQL; that they are ready is another matter."""
        directory = self.opening.directory
        _demand_space(directory)
        self.opening.logs.mkdir(parents=True, exist_ok=True)
        (directory / "config").mkdir(mode=0o700)
        self._account = server_account()
        self._binaries = find_binaries(self.settings.postgres_bin)
        self._binaries = usable_by(self._binaries, self._account, _folder(directory / "postgresql", self._account))
        # The slowest first; the relays before those who speak through them.
        self.gateway = self._program("gateway", self.programs.gateway())
        self.network = self._program("network", self.programs.network())
        self.everywhere = [self.gateway, self.network, self._program("edge", self.programs.edge())]
        programs = {name: self._region_programs(name) for name in self.opening.target.regions}
        self._starting = [*self.everywhere, *(program for of_region in programs.values() for program in of_region)]
        for child in self._starting:
            await child.start()
        self.plane = self._plane()
        self.regions = {name: Region(name, self.plane, of_region) for name, of_region in programs.items()}
        self.node_groups = {name: self._node_group(region) for name, region in self.regions.items()}
        self.phases.done("programs started")

    async def open(self) -> Estate:
        """Bring up the databases; returns when a customer could pay through the front door."""
        limit_s = self.settings.open_limit_s
        ready = {child.name: asyncio.create_task(self._ready(child, limit_s)) for child in self._starting}
        try:
            await self.plane.open_primary()
            self.phases.done("primary takes writes")
            await ready[self.network.name]
            await self.plane.open_rest()
            self.phases.done("databases are in their steady state")
            await asyncio.gather(*ready.values())
            await self._until_served(limit_s)
            await self._start_functions(limit_s)
        finally:
            for task in ready.values():
                task.cancel()
        self.phases.done("front door is ready")
        return self._publish()

    def _program(self, module: str, config: dict[str, Any], name: str | None = None) -> Child:
        name = name or module
        path = self.opening.directory / "config" / f"{name}.json"
        log = self.opening.logs / f"{name}.log"
        _write_secret(path, config)
        return python_child(name, f"drdrill.lab.{module}", path, log)

    def _plane(self) -> Plane:
        # These imports take as long as a program's start; by now the programs are starting.
        from drdrill.lab.planes.catalogue import plane_for

        directory = self.opening.directory
        data, spare = (_folder(directory / name, self._account) for name in ("data", "template"))
        ground = Ground(self.programs, self._binaries, self._account, data, spare, self.opening.logs)
        return plane_for(self.settings.strategy.data, ground)

    def _region_programs(self, name: str) -> list[Child]:
        banks = {} if self._begins_cold(name) else self.programs.banks(name)
        programs = [self._program("bank", config, program) for program, config in banks.items()]
        programs.append(self._program("balancer", self.programs.balancer(name), f"balancer-{name}"))
        shelf = shelf_of(self.programs, self._binaries, self.opening.directory, name)
        return programs if shelf is None else [*programs, self._program("snapshots", shelf, f"snapshots-{name}")]

    def _begins_cold(self, name: str) -> bool:
        """Whether no worker of the bank runs in this region before somebody asks for one."""
        return self.settings.strategy.application == "pilot-light" and name == self.opening.target.recovery_region

    def _node_group(self, region: Region) -> NodeGroup:
        def make(first: int, last: int) -> Child:
            listen = [str(worker) for worker in self.layout.workers(region.name)[first:last]]
            name = f"bank-{region.name}" if first == 0 else f"bank-{region.name}-from-{first}"
            return self._program("bank", {**self.programs.bank(region.name), "listen": listen}, name)

        size = 0 if self._begins_cold(region.name) else self.settings.workers_per_region
        return NodeGroup(region, make, size, self.settings.workers_per_region)

    async def _start_functions(self, limit_s: float) -> None:
        """What a schedule calls in each region: begun when all else is there, as a monitor is switched on last."""
        for name, region in self.regions.items():
            for function, config in functions_of(self.programs, name):
                child = self._program("scheduler", config, f"{function}-{name}")
                region.programs.append(child)
                await child.start()
                await child.wait_until_ready(limit_s)

    async def _ready(self, child: Child, limit_s: float) -> None:
        await child.wait_until_ready(limit_s)
        self.phases.done(f"{child.name} is ready")

    async def _until_served(self, limit_s: float) -> None:
        """Until the bank says through edge, relays and load balancer that it can take payments."""
        door = self.layout.front_door(self.opening.target.primary_region)
        last = "nothing"
        try:
            async with asyncio.timeout(limit_s):
                while (last := await asyncio.to_thread(_ready_status, door.host, door.port)) != "200":
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise EstateError(
                f"the lab was not opened: its front door was not ready within {limit_s:g} s; it last answered {last}"
            ) from error

    def _publish(self) -> Estate:
        estate = self.programs.estate(str(self.opening.directory))
        document = {
            "control": self.layout.control().model_dump(),
            "token": self.programs.token,
            "supervisor": os.getpid(),
            "estate": estate.model_dump(mode="json"),
        }
        _write_secret(self.opening.directory / LAB_FILE, document)
        return estate

    # What the control server asks for.

    def children(self) -> list[Child]:
        """Everything the supervisor starts."""
        return [*self.everywhere, *(child for region in self.regions.values() for child in region.children)]

    def region(self, name: object) -> Region:
        """The region with this name."""
        found = self.regions.get(str(name))
        if found is None:
            raise EstateError(f"nothing was done: the lab has no region {name}; it has {', '.join(self.regions)}")
        return found

    def process(self, name: str) -> psutil.Process:
        """The living process with this name."""
        for child in self.everywhere:
            if child.name == name and child.process is not None and child.alive():
                return child.process
        for region in self.regions.values():
            found = region.named(name)
            if found is not None:
                return found
        raise EstateError(f"nothing was done: the lab has no living process {name}")

    def note_deaths(self) -> None:
        """Keep the sentence about every process that ended although nobody ended it."""
        for child in self.children():
            sentence = child.died_by_itself()
            if sentence is not None:
                child.expected_to_run = False
                self.problems.append(sentence)

    async def close(self) -> None:
        """Kill everything, remove the servers' shared memory and the lab's directory."""
        for child in self.children():
            child.expected_to_run = False
        ours = psutil.Process().children()
        killed = await asyncio.to_thread(process_tree.kill, ours)
        process_tree.reap(process for process in killed if process not in ours)
        for region in self.regions.values():
            region.clear_remains()
        self.subnet.release()
        await asyncio.to_thread(shutil.rmtree, self.opening.directory)


def _demand_space(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < FREE_BYTES_MIN:
        raise EstateError(
            f"the lab was not opened: {directory.parent} has {free >> 20} MB free and the lab needs "
            f"{FREE_BYTES_MIN >> 20} MB; free some space there, or set TMPDIR to a folder with more"
        )


def _folder(path: Path, account: Account) -> Path:
    path.mkdir(mode=0o700)
    account.own(path)
    return path


def _ready_status(host: str, port: int) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=LOOK_S)
    try:
        connection.request("GET", "/ready")
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def _write_secret(path: Path, document: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file)


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Say an error to the owner as one sentence."""
    try:
        yield
    except DrillError as error:
        say(Word(error=str(error)))
        raise SystemExit(error.exit_status) from error
    except OSError as error:
        full = f"the disk is full ({error.filename or 'while writing'}); free some space, or set TMPDIR"
        say(Word(error=f"the lab was not opened: {full if error.errno == errno.ENOSPC else error}"))
        raise SystemExit(EstateError.exit_status) from error


def _when_to_end() -> asyncio.Event:
    """Set when the owner has closed our input or is gone, or when we are told to end."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()

    def input_says_something() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            end.set()

    loop.add_reader(sys.stdin.fileno(), input_says_something)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, end.set)
    return end


async def _live(supervisor: Supervisor, end: asyncio.Event) -> None:
    """Open, say so, and obey until the end; an owner who goes meanwhile ends it at once."""
    await supervisor.start()
    from drdrill.lab.control_server import controlled  # slow to import, as in Supervisor.open

    async with controlled(supervisor):
        opening = asyncio.create_task(supervisor.open())
        ending = asyncio.create_task(end.wait())
        await asyncio.wait({opening, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            opening.cancel()
            await asyncio.wait({opening})
            return
        estate = opening.result()
        say(Word(estate=estate, timings=supervisor.phases.timings))
        await ending


async def run() -> None:
    """Be the lab until the owner is gone."""
    opening = Opening.model_validate(read_config("drdrill.lab.supervisor"))
    raise_open_files_limit()
    with _sentences():
        process_tree.adopt_orphans()
        end = _when_to_end()
        supervisor = Supervisor(opening)
        try:
            await _live(supervisor, end)
        finally:
            await supervisor.close()


if __name__ == "__main__":
    asyncio.run(run())
