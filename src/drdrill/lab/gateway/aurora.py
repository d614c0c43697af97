"""The Aurora Global Database of the lab: who writes, who follows, and what a failover does to both."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from drdrill.errors import EstateError
from drdrill.lab.gateway.darkness import Darkness
from drdrill.lab.gateway.database import Database, Observation
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.state import Rejoined, Switched
from drdrill.model.target import Target
from drdrill.waiting import wait_until

ENGINE = "aurora-postgresql"
PROMOTION_LIMIT_S = 30.0
IN_SYNC_S = 3.0
"""How long a mark written by the primary may take to the secondary, for a switchover to begin."""
_LOOK_S = 0.02
RESUME_S = 3.0
"""How long a secondary may take to follow by itself again, before it is made to."""
_AGAIN_S = 0.5

Role = Literal["writer", "reader", "standalone"]
SwitchDatabases = Callable[[str, str], Switched]
"""Lets the databases of two regions, the primary's and the secondary's, exchange their roles."""
Rejoin = Callable[[str, str | None], Rejoined]
"""Lets a region's database follow the writer; its own data are kept aside under the name first, if there is one."""


@dataclass
class Cluster:
    """One region's cluster. ``resyncing``: it was the writer, and does not yet follow the new one."""

    region: str
    identifier: str
    arn: str
    database: Database
    role: Role
    resyncing: bool = False
    promoting: bool = False
    rejoined: Rejoined | None = None

    @property
    def instance(self) -> str:
        """The identifier of its one instance."""
        return f"{self.identifier}-1"


@dataclass(frozen=True)
class Movement:
    """A failover or a switchover under way."""

    source: Cluster
    destination: Cluster
    kind: Literal["failing-over", "switching-over"]
    pending: bool = True

    @property
    def status(self) -> str:
        """As AWS calls it."""
        return "pending" if self.pending else self.kind

    @property
    def may_lose_data(self) -> bool:
        """Whether the destination is promoted also when it has not received everything."""
        return self.kind == "failing-over"


@dataclass(frozen=True)
class Snapshot:
    """What Aurora keeps of the old primary's volume after a failover that may lose data.

    ``created`` is None while the old region cannot be reached: nobody can take a snapshot in the dark. ``kind`` is AWS's word:
    an automated one goes with its cluster's retention, a manual one (a copy) stays.
    """

    identifier: str
    cluster: Cluster
    created: datetime | None = None
    kind: Literal["automated", "manual"] = "automated"
    has_data: bool = False


@dataclass
class _Roles:
    movement: Movement | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class AuroraGlobal:
    """The global database as control plane and data plane together. Thread-safe.

    The roles are the control plane's; whether a database runs, follows or writes is asked of the database itself.
    """

    def __init__(
        self,
        target: Target,
        databases: dict[str, Database],
        darkness: Darkness,
        switch_databases: SwitchDatabases | None = None,
        rejoin: Rejoin | None = None,
        writer_moved: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.identifier = target.aurora.global_cluster
        self.arn = f"arn:aws:rds::{target.account_id}:global-cluster:{self.identifier}"
        self.created = datetime.now(tz=UTC)
        self._target = target
        self._darkness = darkness
        self._switch_databases = switch_databases
        self._rejoin = rejoin
        self._writer_moved = writer_moved
        self._clusters = {region: self._cluster(region, databases[region]) for region in target.aurora.clusters}
        self._lock = threading.RLock()
        self._state = _Roles()
        self._rejoining: set[str] = set()
        self._said_of_rejoin: dict[str, str] = {}
        self._stopping = threading.Event()
        darkness.when_lit(self._come_back)

    def _cluster(self, region: str, database: Database) -> Cluster:
        name = self._target.aurora.clusters[region]
        arn = f"arn:aws:rds:{region}:{self._target.account_id}:cluster:{name}"
        role: Role = "writer" if region == self._target.primary_region else "reader"
        return Cluster(region, name, arn, database, role)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Every cluster, in or out of the global database."""
        return tuple(self._clusters.values())

    @property
    def members(self) -> tuple[Cluster, ...]:
        """The clusters of the global database."""
        return tuple(cluster for cluster in self.clusters if cluster.role != "standalone")

    @property
    def writer(self) -> Cluster | None:
        """The cluster that the control plane calls primary."""
        return next((cluster for cluster in self.clusters if cluster.role == "writer"), None)

    @property
    def movement(self) -> Movement | None:
        """The failover or switchover under way, if any."""
        return self._state.movement

    @property
    def problems(self) -> tuple[str, ...]:
        """Failovers, switchovers, promotions and rejoinings that did not come to their end, as sentences."""
        rejoining = tuple(f"{region} does not follow yet: {said}" for region, said in self._said_of_rejoin.items())
        return (*self._state.problems, *rejoining)

    def in_region(self, region: str) -> Cluster | None:
        """The cluster of a region."""
        return self._clusters.get(region)

    def snapshots(self, region: str) -> tuple[Snapshot, ...]:
        """The snapshots taken in a region; those that still wait for light are not among them."""
        return tuple(s for s in self._state.snapshots if s.cluster.region == region and s.created is not None)

    def keep(self, snapshot: Snapshot) -> None:
        """Note a snapshot that somebody copied."""
        with self._lock:
            self._state.snapshots.append(snapshot)

    def stop(self) -> None:
        """Let nobody rejoin any more."""
        self._stopping.set()

    @property
    def pending_snapshots(self) -> tuple[str, ...]:
        """Names of the snapshots that wait until their region can be reached."""
        return tuple(s.identifier for s in self._state.snapshots if s.created is None)

    def observe(self, cluster: Cluster) -> Observation | None:
        """The cluster's database now; notes when an old writer follows the new one again.

        While it is made to follow, its log may stream already: it is not yet known then whether it holds the same books.
        """
        seen = cluster.database.observe()
        if (
            cluster.resyncing
            and cluster.region not in self._rejoining
            and seen is not None
            and seen.in_recovery
            and seen.streaming
        ):
            cluster.resyncing = False
        return seen

    def is_connected(self, cluster: Cluster) -> bool:
        """Whether a reader receives the writer's log at this moment."""
        if self._darkness.is_dark(cluster.region):
            return False
        seen = self.observe(cluster)
        return not cluster.resyncing and seen is not None and seen.in_recovery and seen.streaming

    def fail_over(self, destination: Cluster) -> None:
        """Begin to make ``destination`` the writer, losing what it has not received. Returns at once.

        Raises ``AwsFault`` when something is under way already, or the destination is no running reader.
        """
        with self._lock:
            source = self.writer
            self._demand_idle()
            if source is None or destination.role != "reader":
                raise AwsFault("InvalidDBClusterStateFault", f"{destination.arn} is not a secondary DB cluster")
            if destination.database.observe() is None:
                raise AwsFault("InvalidDBClusterStateFault", f"DB cluster {destination.identifier} is not available")
            self._state.movement = Movement(source, destination, "failing-over")
        self._begin("failover", lambda: self._move(source, destination))

    def switch_over(self, destination: Cluster) -> None:
        """Begin to exchange the roles of the writer and ``destination``, losing nothing. Returns at once.

        Raises ``AwsFault`` when something is under way already, or when one of the two is not healthy: it must run and be
        reachable, the writer must take writes, and a mark that it writes must reach the destination within 3 s.
        """
        if self._switch_databases is None:
            raise NotInLab("a switchover here", "no supervisor is known that could restart the databases")
        act = self._switch_databases
        self._demand_idle()
        source = self._demand_in_sync(destination)
        with self._lock:
            self._demand_idle()
            if source.role != "writer" or destination.role != "reader":
                raise AwsFault("InvalidDBClusterStateFault", f"{destination.arn} is not a secondary DB cluster")
            self._state.movement = Movement(source, destination, "switching-over")
        self._begin("switchover", lambda: self._switch(source, destination, act))

    def _demand_idle(self) -> None:
        if self._state.movement is not None or any(cluster.promoting for cluster in self.clusters):
            raise AwsFault("InvalidGlobalClusterStateFault", f"Global cluster {self.identifier} is not available")

    def _demand_in_sync(self, destination: Cluster) -> Cluster:
        """The writer, after it was seen that the destination receives what it writes now."""
        source = self.writer
        if source is None or destination.role != "reader":
            raise AwsFault("InvalidDBClusterStateFault", f"{destination.arn} is not a secondary DB cluster")
        seen = None if self._darkness.is_dark(source.region) else self.observe(source)
        if seen is None or not seen.accepts_writes:
            raise AwsFault("InvalidDBClusterStateFault", f"Primary DB cluster {source.identifier} is not available")
        try:
            wanted = source.database.mark()
            wait_until(
                f"{destination.region} has what {source.region} writes",
                lambda: self.is_connected(destination) and self._has(destination, wanted),
                limit_s=IN_SYNC_S,
                every_s=_LOOK_S,
                error=EstateError,
            )
        except EstateError as error:
            message = f"Secondary DB cluster {destination.identifier} is not in sync with the primary: {error}"
            raise AwsFault("InvalidDBClusterStateFault", message) from error
        return source

    def _has(self, cluster: Cluster, position: int) -> bool:
        seen = self.observe(cluster)
        return seen is not None and seen.replayed >= position

    def detach(self, cluster: Cluster) -> None:
        """Take a cluster out of the global database; a reader becomes a standalone cluster that writes. Returns at once."""
        with self._lock:
            if self._state.movement is not None:
                raise AwsFault("InvalidGlobalClusterStateFault", f"Global cluster {self.identifier} is not available")
            if cluster.role == "writer" and len(self.members) > 1:
                raise AwsFault(
                    "InvalidGlobalClusterStateFault", "the primary DB cluster cannot leave before its secondaries"
                )
            was_reader = cluster.role == "reader"
            if was_reader and cluster.database.observe() is None:
                raise AwsFault("InvalidDBClusterStateFault", f"DB cluster {cluster.identifier} is not available")
            cluster.role = "standalone"
            cluster.promoting = was_reader
        if was_reader:
            self._begin("detach", lambda: self._promote_standalone(cluster))

    def _begin(self, name: str, act: Callable[[], None]) -> None:
        threading.Thread(target=act, name=f"aurora-{name}", daemon=True).start()

    def _move(self, source: Cluster, destination: Cluster) -> None:
        """Fence the old writer as well as can be done, promote, swap the roles, see to the snapshot."""
        with self._noting_problems(f"the failover to {destination.region}"):
            self._state.movement = Movement(source, destination, "failing-over", pending=False)
            if not self._darkness.is_dark(source.region):
                source.database.fence()
            self._promote(destination)
            with self._lock:
                source.role, destination.role = "reader", "writer"
                source.resyncing, destination.resyncing = True, False
            self._writer_moved(destination.region)
            self._snapshot(source)
        self._state.movement = None
        self._begin_rejoin(source)

    def _switch(self, source: Cluster, destination: Cluster, act: SwitchDatabases) -> None:
        """Let the databases change places; the roles become what the databases say afterwards, whatever went wrong."""
        with self._noting_problems(f"the switchover to {destination.region}"):
            self._state.movement = Movement(source, destination, "switching-over", pending=False)
            following = False
            try:
                switched = act(source.region, destination.region)
                following = switched.following
                if switched.problem:
                    raise EstateError(switched.problem)
            finally:
                seen = destination.database.observe()
                with self._lock:
                    if following or (seen is not None and not seen.in_recovery):
                        source.role, destination.role = "reader", "writer"
                        source.resyncing, destination.resyncing = not following, False
                if destination.role == "writer":
                    self._writer_moved(destination.region)
        self._state.movement = None
        if source.resyncing:
            self._begin_rejoin(source)

    def _promote_standalone(self, cluster: Cluster) -> None:
        with self._noting_problems(f"the promotion of {cluster.identifier}"):
            self._promote(cluster)
        cluster.promoting = False

    def _promote(self, cluster: Cluster) -> None:
        seen = cluster.database.observe()
        if seen is None or seen.in_recovery:
            cluster.database.promote(PROMOTION_LIMIT_S)

    @contextmanager
    def _noting_problems(self, what: str) -> Iterator[None]:
        try:
            yield
        except EstateError as error:
            self._state.problems.append(f"{what} did not end: {error}")

    def _snapshot(self, source: Cluster) -> None:
        """A record of the snapshot; the data are kept aside when the old primary is made to follow, and not before."""
        now = datetime.now(tz=UTC)
        name = f"rds:unplanned-global-failover-{source.identifier}-{now:%Y-%m-%d-%H-%M-%S}"
        reachable = not self._darkness.is_dark(source.region) and self._rejoin is None
        with self._lock:
            self._state.snapshots.append(Snapshot(name, source, now if reachable else None))

    def _come_back(self, region: str) -> None:
        """A region is lit again: its snapshot is taken, and its database follows the writer, as Aurora sees to by itself."""
        if self._rejoin is None:
            self._take_pending_snapshot(region, has_data=False)
        elif region in self._clusters:
            self._begin_rejoin(self._clusters[region])

    def _take_pending_snapshot(self, region: str, *, has_data: bool) -> None:
        now = datetime.now(tz=UTC)
        with self._lock:
            self._state.snapshots = [
                replace(s, created=now, has_data=has_data) if s.created is None and s.cluster.region == region else s
                for s in self._state.snapshots
            ]

    def _begin_rejoin(self, cluster: Cluster) -> None:
        with self._lock:
            wanted = self._rejoin is not None and cluster.role == "reader" and cluster.region not in self._rejoining
            if wanted:
                self._rejoining.add(cluster.region)
        if wanted:
            self._begin(f"rejoin-{cluster.region}", lambda: self._rejoin_until_connected(cluster))

    def _rejoin_until_connected(self, cluster: Cluster) -> None:
        """Try until the reader follows, its region is dark again, or it is no reader any more."""
        try:
            while self._may_rejoin(cluster) and not self._rejoined_now(cluster):
                self._stopping.wait(_AGAIN_S)
        finally:
            self._rejoining.discard(cluster.region)

    def _may_rejoin(self, cluster: Cluster) -> bool:
        dark = self._darkness.is_dark(cluster.region)
        return cluster.role == "reader" and not dark and not self._stopping.is_set()

    def _rejoined_now(self, cluster: Cluster) -> bool:
        """One attempt. What stood in its way stays on the cluster, for whoever asks why it does not follow."""
        assert self._rejoin is not None
        if self._state.movement is not None or (not cluster.resyncing and self._resumes(cluster)):
            return self._state.movement is None
        pending = [s.identifier for s in self._state.snapshots if s.created is None and s.cluster is cluster]
        try:
            cluster.rejoined = self._rejoin(cluster.region, pending[0] if pending else None)
        except EstateError as error:
            self._said_of_rejoin[cluster.region] = str(error)
            return False
        self._said_of_rejoin.pop(cluster.region, None)
        because = f", because {cluster.rejoined.because}" if cluster.rejoined.because else ""
        sys.stderr.write(f"{cluster.region} follows again, by {cluster.rejoined.by}{because}\n")
        self._take_pending_snapshot(cluster.region, has_data=True)
        cluster.resyncing = False
        return True

    def _resumes(self, cluster: Cluster) -> bool:
        """Whether a secondary that was only out of sight follows by itself."""
        until = time.monotonic() + RESUME_S
        while time.monotonic() < until and not self._stopping.wait(_AGAIN_S / 5):
            seen = self.observe(cluster)
            if seen is not None and seen.in_recovery and seen.streaming:
                return True
        return False
