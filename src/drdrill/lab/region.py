"""One region of the lab: its PostgreSQL, its bank workers and its load balancer; they die and start together."""

from __future__ import annotations

import asyncio

import psutil

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.child import Child
from drdrill.lab.postgres.cluster import Cluster
from drdrill.lab.state import RegionProcess


class Region:
    """The processes of one region. ``programs`` are the bank's zygote and the load balancer."""

    def __init__(self, name: str, cluster: Cluster, programs: list[Child]) -> None:
        self.name = name
        self.cluster = cluster
        self.programs = programs
        self._known: dict[int, tuple[str, psutil.Process]] = {}

    @property
    def children(self) -> list[Child]:
        """Everything the supervisor started here."""
        return [self.cluster.child, *self.programs]

    def processes(self) -> list[RegionProcess]:
        """Every process seen here since the region was last started, children included."""
        self._take_stock()
        return [
            RegionProcess(pid=pid, name=name, alive=process_tree.is_alive(process))
            for pid, (name, process) in sorted(self._known.items())
        ]

    def named(self, name: str) -> psutil.Process | None:
        """The living process with this name."""
        self._take_stock()
        for known, process in self._known.values():
            if known == name and process_tree.is_alive(process):
                return process
        return None

    async def kill(self) -> list[int]:
        """Freeze every process of the region, then kill them all and wait; returns what was killed."""
        self.cluster.lost = True
        for child in self.children:
            child.expected_to_run = False
        roots = [child.process for child in self.children if child.process is not None]
        await asyncio.to_thread(process_tree.freeze, roots)
        self._take_stock()
        killed = await asyncio.to_thread(process_tree.kill, roots)
        started = {root.pid for root in roots}
        process_tree.reap(process for process in killed if process.pid not in started)
        for child in self.children:
            await child.wait()
        self.cluster.clear_remains()
        return [process.pid for process in killed]

    async def start(self, *, fenced: bool, limit_s: float) -> None:
        """Start everything that was killed; ``fenced``: the database comes as a standby that follows nobody."""
        running = [child.name for child in self.children if child.alive()]
        if running:
            raise EstateError(f"{self.name} was not started: {', '.join(running)} still runs; kill the region first")
        self._known.clear()
        self.cluster.lost = False
        if fenced:
            self.cluster.fence()
        else:
            self.cluster.unfence()
        await self.cluster.start()
        for program in self.programs:
            await program.start()
        await asyncio.gather(*(program.wait_until_ready(limit_s) for program in self.programs))

    def _take_stock(self) -> None:
        for child in self.children:
            if child.process is None:
                continue
            self._known[child.process.pid] = (child.name, child.process)
            below = [process for process in process_tree.tree([child.process]) if process.pid != child.process.pid]
            for number, process in enumerate(sorted(below, key=lambda process: process.pid), 1):
                self._known.setdefault(process.pid, (f"{child.name}/{_role(process, number)}", process))


def _role(process: psutil.Process, number: int) -> str:
    """What a child is: PostgreSQL's say it in their title, others are numbered."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return str(number)
    return title.removeprefix("postgres: ").strip() if title.startswith("postgres: ") else str(number)
