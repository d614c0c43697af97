"""Copies of whole data directories, kept under a name, and the servers that are started from them."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from drdrill.errors import EstateError
from drdrill.lab.planes.plane import Body, Ground
from drdrill.lab.postgres.cluster import Cluster

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


class KeptCopies:
    """The snapshots of one lab, and at most one server restored from them in each region. Belongs to one event loop."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._restored: dict[str, Cluster] = {}

    def path_of(self, name: str) -> Path:
        """Where the copy of this name lies, or will lie."""
        return self._ground.data / f"copy-{_UNFIT.sub('-', name)}"

    def servers(self, region: str) -> Sequence[Cluster]:
        """The server restored in a region, if there is one."""
        found = self._restored.get(region)
        return () if found is None else (found,)

    async def duplicate(self, body: Body) -> Body:
        """``name`` once more, as ``to``. Raises ``EstateError`` when there is no such copy."""
        await self._copy(self._kept(body), self.path_of(str(body["to"])))
        return {}

    async def restore(self, body: Body) -> Body:
        """Put the copy ``name`` into a data directory of its own in ``region``; it is not started yet."""
        region, source = str(body["region"]), self._kept(body)
        if region in self._restored:
            raise EstateError(f"nothing was restored: {region} has a restored server already; remove it first")
        address = self._ground.programs.layout.rescue(region)
        cluster = self._ground.cluster(f"restored-{region}", address)
        self._restored[region] = cluster
        await self._copy(source, cluster.data)
        cluster.configure()
        cluster.stand_alone()
        return {}

    async def start(self, body: Body) -> Body:
        """Start the server restored in ``region``; returns when it has replayed its log and takes connections."""
        await self._server(body).start()
        return {}

    async def remove(self, body: Body) -> Body:
        """End the server restored in ``region``, and forget its data."""
        cluster = self._server(body)
        await cluster.kill()
        del self._restored[str(body["region"])]
        await asyncio.to_thread(shutil.rmtree, cluster.data)
        return {}

    def _kept(self, body: Body) -> Path:
        path = self.path_of(str(body["name"]))
        if not path.is_dir():
            raise EstateError(f"nothing was done: no copy is kept as {body['name']}")
        return path

    def _server(self, body: Body) -> Cluster:
        found = self._restored.get(str(body["region"]))
        if found is None:
            raise EstateError(f"nothing was done: no server was restored in {body['region']}")
        return found

    async def _copy(self, source: Path, destination: Path) -> None:
        await asyncio.to_thread(shutil.copytree, source, destination, symlinks=True)
        destination.chmod(0o700)
        self._ground.account.own(destination)
