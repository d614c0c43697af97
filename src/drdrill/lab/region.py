"""One region of the lab: its databases, its bank workers and its load balancer; they die and start together."""

from __future__ import annotations

import asyncio

import psutil

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.child import Child
from drdrill.lab.planes.plane import Plane
from drdrill.lab.postgres.cluster import Cluster
from drdrill.lab.state import RegionProcess


class Region:
    """The processes of one region. ``programs`` are the bank's zygote and the load balancer."""

    def __init__(self, name: str, plane: Plane, programs: list[Child]) -> None:
        self.name = name
        self._plane = plane
        self.programs = programs
        self._known: dict[int, tuple[str, psutil.Process]] = {}

    @property
    def children(self) -> list[Child]:
        """Everything the supervisor started here."""
        return [*(cluster.child for cluster in self._plane.clusters(self.name)), *self.programs]

    def processes(self, zone: str | None = None) -> list[RegionProcess]:
        """Every process seen here (or in one zone of the region) since the last start, children included."""
        self._take_stock()
        return [
            RegionProcess(pid=pid, name=name, alive=process_tree.is_alive(process))
            for pid, (name, process) in sorted(self._known.items())
            if _is_in_zone(name, zone)
        ]

    def named(self, name: str) -> psutil.Process | None:
        """The living process with this name."""
        self._take_stock()
        for known, process in self._known.values():
            if known == name and process_tree.is_alive(process):
                return process
        return None

    async def kill(self, zone: str | None = None) -> list[int]:
        """Freeze every process of the region (or of one zone of it), then kill them all and wait; returns what was killed."""
        for cluster in self._clusters(zone):
            cluster.lost = True
        children = [child for child in self.children if _is_in_zone(child.name, zone)]
        for child in children:
            child.expected_to_run = False
        roots = [child.process for child in children if child.process is not None]
        await asyncio.to_thread(process_tree.freeze, roots)
        self._take_stock()
        killed = await asyncio.to_thread(process_tree.kill, roots)
        started = {root.pid for root in roots}
        process_tree.reap(process for process in killed if process.pid not in started)
        for child in children:
            await child.wait()
        self.clear_remains(zone)
        return [process.pid for process in killed]

    async def start(self, *, fenced: bool, limit_s: float) -> None:
        """Start everything that was killed; ``fenced``: no database here may take a write."""
        running = [child.name for child in self.children if child.alive()]
        if running:
            raise EstateError(f"{self.name} was not started: {', '.join(running)} still runs; kill the region first")
        self._known.clear()
        for cluster in self._plane.clusters(self.name):
            cluster.lost = False
        await self._plane.start_region(self.name, fenced=fenced)
        for program in self.programs:
            await program.start()
        await asyncio.gather(*(program.wait_until_ready(limit_s) for program in self.programs))

    async def start_zone(self, zone: str, *, limit_s: float) -> None:
        """Start the programs of a zone that was killed. Its database is allowed to return, and is not started here."""
        running = [child.name for child in self.children if _is_in_zone(child.name, zone) and child.alive()]
        if running:
            raise EstateError(f"{zone} was not started: {', '.join(running)} still runs; kill the zone first")
        self._known = {pid: known for pid, known in self._known.items() if not _is_in_zone(known[0], zone)}
        for cluster in self._clusters(zone):
            cluster.lost = False
        programs = [program for program in self.programs if _is_in_zone(program.name, zone)]
        for program in programs:
            await program.start()
        await asyncio.gather(*(program.wait_until_ready(limit_s) for program in programs))

    def clear_remains(self, zone: str | None = None) -> None:
        """Remove what the killed servers left outside their directories."""
        for cluster in self._clusters(zone):
            cluster.clear_remains()

    def _clusters(self, zone: str | None) -> list[Cluster]:
        return [cluster for cluster in self._plane.clusters(self.name) if _is_in_zone(cluster.name, zone)]

    def _take_stock(self) -> None:
        for child in self.children:
            if child.process is None:
                continue
            self._known[child.process.pid] = (child.name, child.process)
            below = [process for process in process_tree.tree([child.process]) if process.pid != child.process.pid]
            for number, process in enumerate(sorted(below, key=lambda process: process.pid), 1):
                self._known.setdefault(process.pid, (f"{child.name}/{_role(process, number)}", process))


def _is_in_zone(name: str, zone: str | None) -> bool:
    """Whether a program belongs to a zone: its name ends with the zone's. Children (``program/child``) go with it."""
    return zone is None or name.split("/")[0].endswith(f"-{zone}")


def _role(process: psutil.Process, number: int) -> str:
    """What a child is: PostgreSQL's say it in their title, others are numbered."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return str(number)
    return title.removeprefix("postgres: ").strip() if title.startswith("postgres: ") else str(number)
