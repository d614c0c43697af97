"""The lab's Aurora Global Database: a primary from the template, and a standby that follows it through the relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager

from drdrill.errors import EstateError
from drdrill.lab.passwords import ADMIN, REPLICATOR
from drdrill.lab.planes.books import open_with_books
from drdrill.lab.planes.kept_copies import KeptCopies
from drdrill.lab.planes.plane import Body, Ground, Verb
from drdrill.lab.planes.second_zone import SecondZones
from drdrill.lab.postgres.cluster import SYNCHRONOUS, Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, until_streaming
from drdrill.lab.postgres.rejoin import Leader, Newcomer, Rejoin
from drdrill.lab.postgres.switchover import Side, Switchover


def slot_of(region: str) -> str:
    """The name of the replication slot of a region's standby, which is its ``application_name`` as well."""
    return region.replace("-", "_")


class AuroraGlobalPlane:
    """One server in each region; Hyderabad's follows Mumbai's, and they can exchange their roles."""

    def __init__(self, ground: Ground) -> None:
        self._programs = ground.programs
        self._ground = ground
        self._layout = ground.programs.layout
        self._movement = asyncio.Lock()
        self._copies = KeptCopies(ground)
        self._seconds = SecondZones(ground)
        self._clusters = {
            region: ground.cluster(f"postgres-{region}", self._layout.postgres(region))
            for region in self._layout.target.regions
        }

    def clusters(self, region: str) -> Sequence[Cluster]:
        """The server of the region, one in its second zone, and one that was restored from a snapshot, if there are such."""
        return (self._clusters[region], *self._seconds.servers(region), *self._copies.servers(region))

    async def open_primary(self) -> None:
        """Mumbai's server takes writes."""
        await open_with_books(self._clusters[self._layout.target.primary_region], self._ground)

    async def open_rest(self) -> None:
        """Hyderabad takes a base backup of Mumbai through the relay, and follows it; returns when the log is streaming."""
        primary, recovery = self._layout.target.regions
        upstream = self._upstream(recovery)
        await self._clusters[recovery].copy_from(upstream)
        await self._clusters[recovery].start()

        def streaming(connection: Connection) -> Awaitable[None]:
            return until_streaming(connection, upstream.slot)

        limit_s = self._layout.settings.open_limit_s
        await ask(self._programs.administrator(primary), streaming, limit_s=limit_s)

    async def start_region(self, region: str, *, fenced: bool) -> None:
        """Start the region's server; fenced, it comes as a standby that follows nobody.

        A movement that the region's loss has broken off is waited for: it leaves data that can be started. A server in a second
        zone does not come back: whoever wants one makes it anew.
        """
        cluster = self._clusters[region]
        await self._seconds.forget(region)
        async with self._movement:
            if not cluster.child.alive():
                cluster.forget_setting(SYNCHRONOUS)
                if fenced:
                    cluster.fence()
                else:
                    cluster.unfence()
                await cluster.start()
        for restored in self._copies.servers(region):
            if restored.child.process is not None:
                await restored.start()

    def verbs(self) -> Mapping[str, Verb]:
        """The movements of the databases, and what becomes of their snapshots: all of it is asked for by the AWS API."""
        return {
            "switch-over": self._switch_over,
            "rejoin": self._rejoin,
            "make-second": self._seconds.make,
            "remove-second": self._seconds.remove,
            "copy-snapshot": self._copies.duplicate,
            "restore-snapshot": self._copies.restore,
            "start-restored": self._copies.start,
            "remove-restored": self._copies.remove,
        }

    async def _switch_over(self, body: Body) -> Body:
        source, destination = self._side(body.get("source")), self._side(body.get("destination"))
        async with self._one_movement():
            back = self._upstream(source.region)  # the old primary then follows by the relay in its own region
            return (await Switchover(source, destination, back).perform()).model_dump()

    async def _rejoin(self, body: Body) -> Body:
        side, keep_as = self._side(body.get("region")), body.get("keep_as")
        newcomer = Newcomer(side.region, side.cluster, side.dsn, self._ground.account)
        keep = self._copies.path_of(str(keep_as)) if keep_as else None
        async with self._one_movement():
            return (await Rejoin(newcomer, self._leader_of(side.region), keep).perform()).model_dump()

    @asynccontextmanager
    async def _one_movement(self) -> AsyncIterator[None]:
        if self._movement.locked():
            raise EstateError("nothing was done: another movement of the databases is under way already")
        async with self._movement:
            yield

    def _leader_of(self, standby: str) -> Leader:
        leader = next(region for region in self._clusters if region != standby)
        relayed = self._programs.dsn(self._layout.replication(standby), ADMIN)
        return Leader(leader, relayed, self._programs.administrator(leader), self._upstream(standby))

    def _side(self, name: object) -> Side:
        region = str(name)
        if region not in self._clusters:
            raise EstateError(f"nothing was done: the lab has no region {name}; it has {', '.join(self._clusters)}")
        return Side(region, self._clusters[region], self._programs.administrator(region))

    def _upstream(self, standby: str) -> Upstream:
        relay = self._layout.replication(standby)
        return Upstream(relay, REPLICATOR, self._programs.passwords[REPLICATOR], slot_of(standby))
