"""The lab's RDS Multi-AZ deployment: an instance in one zone, its synchronous standby in another, two read replicas.

The replicas follow the standby and not the primary: a chain, never a star. In a star a replica may receive what the standby
never got; after a failover it would be ahead of the new primary, and lost to it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Mapping, Sequence

from psycopg import sql

from drdrill.errors import EstateError
from drdrill.lab.passwords import ADMIN, REPLICATOR
from drdrill.lab.planes.books import open_with_books
from drdrill.lab.planes.plane import Body, Ground, Verb
from drdrill.lab.postgres.cluster import Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, until_streaming
from drdrill.lab.postgres.synchronous import stand_by, until_synchronous
from drdrill.lab.zones import Zones

ANSWER_S = 5.0
BACKUP_S = 20.0
_DROP_SLOT = """
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active
"""


def name_of(place: str) -> str:
    """By which name a server in this place is known to those that it follows, and its slot there."""
    return place.replace("-", "_")


class MultiAzPlane:
    """Four servers: the instance and its standby in two zones of Mumbai, a read replica in a third, one in Hyderabad.

    What RDS decides (who is the primary, whether anybody waits for a standby) is decided in the AWS API's process; this is
    what it has at its disposal: kill a server, build it anew, let it follow another one.
    """

    def __init__(self, ground: Ground) -> None:
        layout = ground.programs.layout
        assert layout.zones is not None, "the strategy decides both"
        self._ground = ground
        self._zones: Zones = layout.zones
        self._recovery = layout.target.recovery_region
        self._settings = layout.settings
        places = (*self._zones.databases, self._recovery)
        self._clusters = {place: ground.cluster(f"postgres-{place}", self._zones.database(place)) for place in places}
        self._busy: set[str] = set()

    def clusters(self, region: str) -> Sequence[Cluster]:
        """Hyderabad has one server; all others are in Mumbai."""
        here = [self._recovery] if region == self._recovery else self._zones.databases
        return [self._clusters[place] for place in here]

    async def open_primary(self) -> None:
        """The instance takes writes, in its first zone."""
        await open_with_books(self._clusters[self._zones.deployment.zones[0]], self._ground)

    async def open_rest(self) -> None:
        """The standby follows, every commit waits for it, and the replicas follow the standby."""
        primary, standby = self._zones.deployment.zones
        await self._copy(standby, primary)
        if self._settings.asynchronous_standby_s is None:
            limit_s = self._settings.open_limit_s
            await ask(self._dsn(primary), lambda c: stand_by(c, name_of(standby)), limit_s=ANSWER_S)
            await ask(self._dsn(primary), lambda c: until_synchronous(c, name_of(standby)), limit_s=limit_s)
        await asyncio.gather(
            *(self._copy(place, standby) for place in (self._zones.deployment.reader_zone, self._recovery))
        )

    async def start_region(self, region: str, *, fenced: bool) -> None:
        """Start what was killed with its region: each server as what it was, or, fenced, as a standby that follows nobody."""
        for cluster in self.clusters(region):
            if fenced:
                cluster.fence()
            await cluster.start()

    def verbs(self) -> Mapping[str, Verb]:
        """What RDS's own control plane needs of the machines."""
        return {
            "kill-database": self._kill,
            "rebuild-database": self._rebuild,
            "follow-database": self._follow,
        }

    async def _kill(self, body: Body) -> Body:
        await self._named(body.get("place")).kill()
        return {}

    async def _rebuild(self, body: Body) -> Body:
        place, upstream = str(body.get("place")), str(body.get("upstream"))
        cluster = self._named(place)
        self._named(upstream)
        if cluster.lost:
            raise EstateError(f"nothing was built: {place} is lost")
        if place in self._busy:
            raise EstateError(f"nothing was built: {place} is being built already")
        self._busy.add(place)
        try:
            await cluster.kill()
            await asyncio.to_thread(shutil.rmtree, cluster.data, ignore_errors=True)
            await self._copy(place, upstream)
        finally:
            self._busy.discard(place)
        return {}

    async def _follow(self, body: Body) -> Body:
        place, upstream = str(body.get("place")), str(body.get("upstream"))
        self._named(place)
        source = self._upstream(place, upstream)

        async def point(connection: Connection) -> None:
            value = sql.Literal(f"{source.where} password={source.password}")
            await connection.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(value))
            await connection.execute("SELECT pg_reload_conf()")

        await ask(self._dsn(upstream), lambda c: _make_slot(c, source.slot), limit_s=ANSWER_S)
        await ask(self._dsn(place), point, limit_s=ANSWER_S)
        return {}

    async def _copy(self, place: str, upstream: str) -> None:
        """A base backup through the relay, with a slot at its source; returns when the copy receives the log."""
        cluster, source = self._clusters[place], self._upstream(place, upstream)
        await ask(self._dsn(upstream), lambda c: _drop_slot(c, source.slot), limit_s=ANSWER_S)
        await cluster.copy_from(source, limit_s=BACKUP_S)
        cluster.forget_setting("synchronous_standby_names")
        if cluster.lost:
            raise EstateError(f"{place} was lost while its server was being built")
        await cluster.start()
        if cluster.lost:
            await cluster.kill()
            raise EstateError(f"{place} was lost while its server was being built")

        def streaming(connection: Connection) -> Awaitable[None]:
            return until_streaming(connection, source.slot)

        await ask(self._dsn(upstream), streaming, limit_s=BACKUP_S)

    def _named(self, place: object) -> Cluster:
        found = self._clusters.get(str(place))
        if found is None:
            raise EstateError(
                f"nothing was done: there is no database in {place}; there are {', '.join(self._clusters)}"
            )
        return found

    def _dsn(self, place: str) -> str:
        return self._ground.programs.dsn(self._zones.database(place), ADMIN)

    def _upstream(self, place: str, upstream: str) -> Upstream:
        if (place, upstream) not in self._zones.followers():
            raise EstateError(f"nothing was done: {place} has no link to {upstream}")
        relay = self._zones.replication(place, upstream)
        return Upstream(relay, REPLICATOR, self._ground.programs.passwords[REPLICATOR], name_of(place))


async def _drop_slot(connection: Connection, name: str) -> None:
    await connection.execute(_DROP_SLOT, (name,))


async def _make_slot(connection: Connection, name: str) -> None:
    await _drop_slot(connection, name)
    if await (await connection.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (name,))).fetchone():
        return
    await connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (name,))
