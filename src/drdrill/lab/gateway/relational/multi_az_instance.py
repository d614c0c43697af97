"""The Multi-AZ instance as its control plane: who is the primary, whether anybody holds what it acknowledges, what to do now.

One thread decides, five times a second, from what the watches saw. A standby is promoted only while it was synchronous to the
last moment: everything that was acknowledged is on it. Where that is not known nobody is promoted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from drdrill.errors import EstateError
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.relational import multi_az_events as told
from drdrill.lab.gateway.relational.multi_az_commits import release, wait_for
from drdrill.lab.gateway.relational.multi_az_watch import Watch
from drdrill.lab.link import LinkState
from drdrill.lab.zones import way_to

TICK_S = 0.2
UNREACHABLE_S = 3.0
"""So long without an answer, and a server is lost. The lab's own number: RDS does not publish its."""

PROMOTION_S = 30.0
AGAIN_S = 1.0


class Machines(Protocol):
    """What the control plane has at its disposal (``drdrill.lab.control.LabControl``)."""

    def links(self) -> dict[str, LinkState]:
        """Every link by name."""

    def kill_database(self, place: str) -> None:
        """Kill a server."""

    def rebuild_database(self, place: str, upstream: str) -> None:
        """Replace a server by a copy of another."""

    def follow_database(self, place: str, upstream: str) -> None:
        """Let a replica follow another server."""


@dataclass
class State:
    """``standby`` is None while nobody waits for one. ``following``: each replica's source.

    ``created``: every server has been seen in its place once; nothing is decided before.
    """

    primary: str
    standby: str | None
    created: bool = False
    moving: bool = False
    asked: bool = False
    building: set[str] = field(default_factory=set)
    following: dict[str, str] = field(default_factory=dict)
    promoted: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


Tell = Callable[[str, str], None]
"""Category and message of an event of the instance."""


class Instance:
    """The instance, its standby and its replicas. ``asynchronous`` is a planted defect: it believes in a standby nobody waits for."""

    def __init__(
        self,
        zones: tuple[str, str],
        replicas: tuple[str, ...],
        watches: dict[str, Watch],
        machines: Machines,
        tell: Tell,
        moved: Callable[[str], None],
        *,
        asynchronous: bool = False,
    ) -> None:
        self._zones = zones
        self._watches = watches
        self._machines = machines
        self._tell = tell
        self._moved = moved
        self._asynchronous = asynchronous
        self.state = State(primary=zones[0], standby=zones[1], following=dict.fromkeys(replicas, zones[1]))
        self._marks: list[tuple[int, int]] = []
        self._again_s: dict[str, float] = {}
        self._unsound_s: dict[str, float] = {}
        self._said_not_failed_over = False
        self._must_release = False
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._decide_for_ever, name="multi-az", daemon=True)

    def start(self) -> None:
        """Begin to watch and to decide."""
        for watch in self._watches.values():
            watch.start()
        self._thread.start()

    def stop(self) -> None:
        """Decide no more."""
        self._stopping.set()
        self._thread.join(timeout=5.0)
        for watch in self._watches.values():
            watch.stop()

    @property
    def status(self) -> str:
        """As RDS calls it; ``modifying`` while a new standby is being made."""
        seen = self._watches[self.state.primary].newest
        if not self.state.created:
            return "creating"
        if self.state.moving or self.state.asked:
            return "rebooting"
        if seen is None or self._watches[self.state.primary].silent_s > UNREACHABLE_S:
            return "failed"
        return "available" if self.state.standby is not None else "modifying"

    def replica_status(self, place: str) -> str:
        """``available``, or what keeps it from that."""
        seen = self._watches[place].fresh()
        if seen is None:
            return "failed"
        return "available" if place in self.state.promoted or seen.streaming else "modifying"

    def fail_over(self) -> None:
        """Begin a failover that a user asks for. Returns at once; raises ``AwsFault`` when there is nobody to fail over to."""
        with self._lock:
            if self.status != "available":
                message = f"the instance is {self.status}: it has no standby that could take over now"
                raise AwsFault("InvalidDBInstanceState", message)
            self.state.asked = True

    def promote_replica(self, place: str) -> None:
        """Let a read replica stand alone and take writes. Raises ``AwsFault`` when it does not answer, or is none."""
        if place in self.state.promoted or self._watches[place].fresh() is None:
            raise AwsFault("InvalidDBInstanceState", f"the read replica in {place} cannot be promoted now")
        self.state.promoted.add(place)
        self._apart(f"the promotion of {place}", lambda: self._watches[place].database.promote(PROMOTION_S))

    # What is decided.

    def _decide_for_ever(self) -> None:
        while not self._stopping.wait(TICK_S):
            self._noting(f"a decision about {self.state.primary}", self._decide)

    def _decide(self) -> None:
        state, primary = self.state, self._watches[self.state.primary]
        if not state.created:
            state.created = self._all_in_place()
        elif state.asked and state.standby is not None:
            self._fail_over(forced=True)
        elif state.asked:
            state.asked = False
            self._tell(told.FAILOVER, told.NOT_FAILED_OVER)
        elif primary.silent_s > UNREACHABLE_S:
            self._primary_is_lost()
        elif primary.fresh() is not None:
            self._said_not_failed_over = False
            self._look_at_standby()
            self._look_at_replicas()

    def _all_in_place(self) -> bool:
        """Whether the primary takes writes, and everybody else receives the log."""
        seen = {place: watch.fresh() for place, watch in self._watches.items()}
        return all(
            look is not None and (look.accepts_writes if place == self.state.primary else look.streaming)
            for place, look in seen.items()
        )

    def _primary_is_lost(self) -> None:
        state = self.state
        if state.standby is not None and self._watches[state.standby].fresh() is not None:
            self._fail_over(forced=False)
        elif not self._said_not_failed_over:
            self._said_not_failed_over = True
            self._tell(told.FAILOVER, told.NOT_FAILED_OVER)

    def _fail_over(self, *, forced: bool) -> None:
        state = self.state
        source, destination = state.primary, state.standby
        assert destination is not None, "nobody decides to fail over without a standby"
        state.moving = True
        self._tell(told.FAILOVER, told.FAILOVER_STARTED)
        self._tell(told.FAILOVER, told.USER_ASKED if forced else told.UNREACHABLE)
        try:
            if forced:
                self._machines.kill_database(source)
            self._promote(destination)
            state.primary, state.standby = destination, None
            self._marks.clear()
            self._moved(destination)
            self._tell(told.AVAILABILITY, told.RESTARTED)
            self._tell(told.FAILOVER, told.FAILOVER_TO_STANDBY)
            self._tell(told.FAILOVER, told.FAILOVER_COMPLETED)
        finally:
            state.moving = state.asked = False

    def _promote(self, zone: str) -> None:
        """Let a standby take writes, and wait for nobody; one that was promoted in an earlier attempt already does."""
        database = self._watches[zone].database
        release(database)
        seen = database.observe()
        if seen is None or not seen.accepts_writes:
            database.promote(PROMOTION_S)

    def _look_at_standby(self) -> None:
        state = self.state
        self._release_if_due()
        if state.standby is None:
            (other,) = (zone for zone in self._zones if zone != state.primary)
            self._build(other, state.primary, self._protect)
        elif self._unsound_for(state.standby, self._holds_what_was_written(state.standby)) > UNREACHABLE_S:
            state.standby = None  # first: from here on nobody may be promoted
            self._must_release = True
            self._release_if_due()
            self._tell(told.AVAILABILITY, told.STANDBY_LOST)

    def _release_if_due(self) -> None:
        """Let commits wait for nobody; tried again at every decision until the primary has done it."""
        if self._must_release:
            release(self._watches[self.state.primary].database)
            self._must_release = False

    def _holds_what_was_written(self, standby: str) -> bool:
        """Whether the standby follows, and has what the primary had written two seconds ago."""
        written = self._watches[self.state.primary].newest
        held = self._watches[standby].fresh()
        assert written is not None
        self._marks.append((written.at_ns, written.replayed))
        due = [position for at_ns, position in self._marks if at_ns <= written.at_ns - 2_000_000_000]
        self._marks = self._marks[-50:]
        return held is not None and held.streaming and held.received >= max(due, default=0)

    def _unsound_for(self, place: str, sound: bool) -> float:
        """Seconds that a place has been unsound, counted in ticks."""
        self._unsound_s[place] = 0.0 if sound else self._unsound_s.get(place, 0.0) + TICK_S
        return self._unsound_s[place]

    def _look_at_replicas(self) -> None:
        state = self.state
        source = state.standby or state.primary
        for place, following in state.following.items():
            seen = self._watches[place].fresh()
            if place in state.promoted or place in state.building:
                continue
            if seen is not None and following != source:
                self._machines.follow_database(place, source)
                state.following[place] = source
            elif seen is None and self._watches[place].silent_s > UNREACHABLE_S:
                self._build(place, source, self._noted_source(place, source))

    def _noted_source(self, place: str, source: str) -> Callable[[], None]:
        def note() -> None:
            self.state.following[place] = source

        return note

    # What takes longer is done apart: the watch must go on.

    def _build(self, place: str, upstream: str, then: Callable[[], None]) -> None:
        """Make a new server in a place, if it can be reached; tried again every second."""
        now_s = time.monotonic()
        if place in self.state.building or now_s < self._again_s.get(place, 0.0):
            return
        self._again_s[place] = now_s + AGAIN_S
        self.state.building.add(place)

        def build() -> None:
            try:
                if self._machines.links()[way_to(place)].mode != "open":
                    return  # what is there may be alive: it is not touched through a link that is cut
                self._machines.rebuild_database(place, upstream)
                self._unsound_s[place] = 0.0
                then()
            except EstateError:
                return  # the place is still lost: it is tried again, for as long as it takes
            finally:
                self.state.building.discard(place)

        threading.Thread(target=build, name=f"build-{place}", daemon=True).start()

    def _protect(self) -> None:
        """Let commits wait for the new standby, and believe in it once it is seen to hold everything."""
        (standby,) = (zone for zone in self._zones if zone != self.state.primary)
        primary = self._watches[self.state.primary].database
        try:
            if not self._asynchronous:
                wait_for(primary, standby)
        except EstateError:
            self._must_release = True  # nobody may be waited for who was never seen to be in step
            raise
        self.state.standby = standby
        self._tell(told.AVAILABILITY, told.STANDBY_BACK)

    def _apart(self, what: str, act: Callable[[], None]) -> None:
        threading.Thread(target=lambda: self._noting(what, act), name=what, daemon=True).start()

    def _noting(self, what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except EstateError as error:
            sentence = f"{what} did not come to its end: {error}"
            if sentence not in self.state.problems:
                self.state.problems.append(sentence)
