"""Snapshots that are copied: one server in Mumbai, none in Hyderabad until one is made there from a snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from drdrill.errors import EstateError
from drdrill.lab.planes.books import open_with_books
from drdrill.lab.planes.plane import Body, Ground, Verb
from drdrill.lab.postgres.cluster import Cluster
from drdrill.lab.postgres.database import look
from drdrill.lab.snapshots.programs import shelf_folder
from drdrill.lab.snapshots.restoring import unpack
from drdrill.lab.snapshots.shelf import Shelf

WRITABLE_S = 60.0


class SnapshotCopyPlane:
    """The primary's server, and in each region a shelf with snapshots, from which the other region's may be made."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._layout = ground.programs.layout
        self._primary, self._recovery = self._layout.target.regions
        self._clusters = {self._primary: self._cluster(self._primary)}
        self._shelves = {
            region: Shelf(shelf_folder(ground.data.parent, region)) for region in self._layout.target.regions
        }
        self._one_at_a_time = asyncio.Lock()

    def _cluster(self, region: str) -> Cluster:
        return self._ground.cluster(f"postgres-{region}", self._layout.postgres(region))

    def clusters(self, region: str) -> Sequence[Cluster]:
        """The region's server, if it has one."""
        return tuple(cluster for place, cluster in self._clusters.items() if place == region)

    async def open_primary(self) -> None:
        """Mumbai's server takes writes."""
        await open_with_books(self._clusters[self._primary], self._ground)

    async def open_rest(self) -> None:
        """Nothing else runs before a disaster: the first snapshot is the keeper's to take."""

    async def start_region(self, region: str, *, fenced: bool) -> None:
        """Start the region's server, if it has one; fenced, it comes as a standby that follows nobody."""
        for cluster in self.clusters(region):
            if fenced:
                cluster.fence()
            else:
                cluster.unfence()
            await cluster.start()

    def verbs(self) -> Mapping[str, Verb]:
        """``make-database`` is what the AWS API asks for; the others are for faults."""
        return {
            "make-database": self._make_database,
            "whole-snapshots": self._whole_snapshots,
            "damage-snapshot": self._damage,
            "look-at-snapshot": self._look_at,
        }

    async def _make_database(self, body: Body) -> Body:
        """Make the region's server from a snapshot, and wait until it takes writes; without it nothing of it stays."""
        region, shelf = str(body["region"]), self._shelf(body)
        async with self._one_at_a_time:
            if self.clusters(region):
                raise EstateError(f"no database was made: {region} has one already")
            cluster = self._cluster(region)
            place = shelf.place(str(body["snapshot"]))
            await unpack(place, cluster.data, self._ground.binaries, self._ground.account)
            cluster.configure()
            try:
                await cluster.start()
                await self._until_writable(region)
            except EstateError:
                await cluster.kill()
                raise
            self._clusters[region] = cluster
        return {}

    async def _until_writable(self, region: str) -> None:
        dsn, last = self._ground.programs.administrator(region), "nothing"
        try:
            async with asyncio.timeout(WRITABLE_S):
                while not (state := await look(dsn)).accepts_writes:
                    last = str(state)
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise EstateError(f"the database took no writes within {WRITABLE_S:g} s; last seen: {last}") from error

    async def _whole_snapshots(self, body: Body) -> Body:
        return {"snapshots": [snapshot.identifier for snapshot in self._shelf(body).whole()]}

    async def _damage(self, body: Body) -> Body:
        shelf, identifier = self._shelf(body), str(body["snapshot"])
        if body["damaged"]:
            shelf.damage(identifier)
        else:
            shelf.mend(identifier)
        return {}

    async def _look_at(self, body: Body) -> Body:
        return {"damaged": self._shelf(body).is_damaged(str(body["snapshot"]))}

    def _shelf(self, body: Body) -> Shelf:
        region = str(body.get("region"))
        if region not in self._shelves:
            raise EstateError(f"nothing was done: the lab has no region {region}; it has {', '.join(self._shelves)}")
        return self._shelves[region]
