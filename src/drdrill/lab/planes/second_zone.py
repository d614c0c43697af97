"""A second server of a region's cluster, in another availability zone: every commit waits for it while it is there."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Sequence

from drdrill.errors import EstateError
from drdrill.lab.layout import second_zone
from drdrill.lab.passwords import REPLICATOR
from drdrill.lab.planes.plane import Body, Ground
from drdrill.lab.postgres.cluster import SYNCHRONOUS, Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, until_streaming
from drdrill.lab.postgres.slots import make_slot
from drdrill.lab.postgres.synchronous import stand_by, until_synchronous

ANSWER_S = 5.0
FOLLOW_S = 20.0


class SecondZones:
    """At most one second server in each region, copied from the first. Belongs to one event loop."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._layout = ground.programs.layout
        self._servers: dict[str, Cluster] = {}

    def servers(self, region: str) -> Sequence[Cluster]:
        """The second server of a region, if there is one; it is killed with its region."""
        found = self._servers.get(region)
        return () if found is None else (found,)

    async def make(self, body: Body) -> Body:
        """Copy the region's server beside it; returns when every commit of the first is on the second, too."""
        region = str(body["region"])
        if region in self._servers:
            raise EstateError(f"nothing was made: {region} has a server in a second zone already")
        place = second_zone(region)
        cluster = self._ground.cluster(f"postgres-{place}", self._layout.second(region))
        self._servers[region] = cluster
        try:
            await self._join(region, cluster)
        except EstateError:
            await self.forget(region)
            raise
        return {}

    async def remove(self, body: Body) -> Body:
        """Let commits wait for nobody, then end the second server and forget its data; one that is gone already stays gone."""
        region = str(body["region"])
        await ask(self._first(region), lambda connection: stand_by(connection, None), limit_s=ANSWER_S)
        await self.forget(region)
        return {}

    async def forget(self, region: str) -> None:
        """End the second server, if there is one, and let the first wait for it no more, as far as that can be reached."""
        cluster = self._servers.pop(region, None)
        if cluster is None:
            return
        with contextlib.suppress(EstateError):  # a first server that is gone waits for nobody
            await ask(self._first(region), lambda connection: stand_by(connection, None), limit_s=ANSWER_S)
        await cluster.kill()
        await asyncio.to_thread(shutil.rmtree, cluster.data, ignore_errors=True)

    async def _join(self, region: str, cluster: Cluster) -> None:
        first, name = self._first(region), second_zone(region).replace("-", "_")
        source = Upstream(self._layout.postgres(region), REPLICATOR, self._ground.programs.passwords[REPLICATOR], name)
        await ask(first, lambda connection: _drop_slot(connection, name), limit_s=ANSWER_S)
        await cluster.copy_from(source, limit_s=FOLLOW_S)
        cluster.forget_setting(SYNCHRONOUS)
        _demand(cluster)
        await cluster.start()
        _demand(cluster)
        await ask(first, lambda connection: until_streaming(connection, name), limit_s=FOLLOW_S)
        await ask(first, lambda connection: stand_by(connection, name), limit_s=ANSWER_S)
        await ask(first, lambda connection: until_synchronous(connection, name), limit_s=FOLLOW_S)

    def _first(self, region: str) -> str:
        return self._ground.programs.administrator(region)


def _demand(cluster: Cluster) -> None:
    if cluster.lost:
        raise EstateError(f"{cluster.name} was lost while it was being made")


async def _drop_slot(connection: Connection, name: str) -> None:
    """One of an earlier second server would be in the way of the new one's."""
    await make_slot(connection, name)
    await connection.execute("SELECT pg_drop_replication_slot(%s)", (name,))
