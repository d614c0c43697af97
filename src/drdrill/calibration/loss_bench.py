"""One lab, one history, four losses that are known to the operation: real PostgreSQL, a real cut, a real promotion.

1 transfers that replicate; the bank's planted bugs strike every so many of them  2 the replication link is cut, and exactly
so many more are acked  3 Hyderabad is promoted, nobody fences Mumbai: the disaster  4 Mumbai goes on acknowledging: first one
transfer, then some, then one  5 Mumbai is lost, and what Hyderabad holds is read, closed and judged.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from drdrill.calibration.plan import DISASTER, loss_plan
from drdrill.errors import EstateError
from drdrill.faults.link_cut import LinkCut
from drdrill.faults.reach import Reach
from drdrill.faults.region_loss import RegionLoss
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.measure.figures import interval_s
from drdrill.model import mark as names
from drdrill.model.drill import Drill
from drdrill.model.estate import Session
from drdrill.model.judgement import Interval
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import close_history
from drdrill.record.marks import MarkBook
from drdrill.record.survivors import SurvivorsFile
from drdrill.runbooks.failover import fail_over
from drdrill.runbooks.scene import Scene
from drdrill.survivors.authority import authoritative_region
from drdrill.survivors.postgresql import PostgresReader
from drdrill.survivors.reader import Quiet
from drdrill.survivors.stable import read_stably
from drdrill.traffic.transfers import send_transfers
from drdrill.waiting import wait_until

DOUBLED_EVERY, ALTERED_EVERY = 7, 5
BEFORE, BEHIND, FIRST, AMONG, LAST = range(90, 95)
"""Recorders of the transfers, in order: those that replicate, those behind the cut, and the three parts of the split brain."""

_BOOKED_TWICE: LiteralString = "SELECT op_id FROM entries GROUP BY op_id HAVING count(*) = 4"
_ODD_AMOUNT: LiteralString = "SELECT DISTINCT op_id FROM entries WHERE amount_paise % 100 <> 0"
"""Customers ask for whole rupees (``drdrill.traffic.journeys``), and the planted bug books one paisa more."""

_SOURCE = "calibration"
_REPLICATED_S = 20.0
_OPEN_S = 120.0


@dataclass(frozen=True)
class LossPlan:
    """How many transfers of each sort are sent, and for how long the split brain pauses."""

    before: int
    behind: int
    split_brain: int
    pause_s: float

    @classmethod
    def drawn(cls, seed: int, number: int) -> LossPlan:
        """The plan of one repetition."""
        draw = random.Random(f"{seed}/loss/{number}")
        return cls(draw.randint(30, 60), draw.randint(1, 200), draw.randint(3, 40), draw.uniform(0.2, 1.0))

    def struck(self) -> tuple[int, int]:
        """How many of those that replicate are booked twice, and how many with another amount.

        By the lab's own rule: of two bugs that strike at once the first in the list wins, and the second comes one request later.
        """
        places = range(1, self.before + 1)
        doubled = {place for place in places if place % DOUBLED_EVERY == 0}
        altered = {place for place in places if place > 1 and (place - 1) % ALTERED_EVERY == 0}
        return len(doubled), len(altered - doubled)


@dataclass(frozen=True)
class KnownLoss:
    """What was done to one lab: the very operations, and the bracket of the split brain's span."""

    plan: LossPlan
    folder: RecordFolder
    behind: frozenset[int]
    split_brain: frozenset[int]
    doubled: frozenset[int]
    altered: frozenset[int]
    span_s: Interval


def lose_what_is_known(number: int, folder: Path, seed: int, tell: Callable[[str], None]) -> KnownLoss:
    """Open a lab, make the losses of one repetition, and close its history. Raises ``DrillError`` when a step fails."""
    wanted = LossPlan.drawn(seed, number)
    plan = loss_plan(number, seed + number)
    record = RecordFolder.create(folder, f"{number:03d}")
    write_durably(record.plan, (plan.model_dump_json(indent=1) + "\n").encode())
    defects = f"doubled/{DOUBLED_EVERY},altered/{ALTERED_EVERY}"
    settings = LabSettings(
        workers_per_region=1, accounts=plan.traffic.accounts, defect=defects, open_limit_s=_OPEN_S, ttl_s=1
    )
    with ExitStack() as closing:
        tell(f"loss {number}: opening a lab")
        lab = closing.enter_context(Lab.open(plan.target, record.logs / "lab", settings=settings))
        session = _session(plan, record, lab)
        closing.callback(record.session.unlink, missing_ok=True)
        known = _Losing(session, plan, record, wanted).lose(tell)
    close_history(record)
    return known


def _session(plan: Drill, record: RecordFolder, lab: Lab) -> Session:
    session = Session(
        drill_id=plan.drill_id,
        evidence_dir=str(record.root),
        disaster=DISASTER,
        estate=lab.estate,
        plan_path=str(record.plan),
    )
    write_durably(record.session, session.model_dump_json().encode())
    return session


class _Losing:
    def __init__(self, session: Session, plan: Drill, record: RecordFolder, wanted: LossPlan) -> None:
        self._session = session
        self._plan = plan
        self._record = record
        self._wanted = wanted
        self._marks = MarkBook(record.marks)
        self._reach = Reach.to(session.estate, self._marks)
        self._scene = Scene.of(session, plan)

    def lose(self, tell: Callable[[str], None]) -> KnownLoss:
        self._send(self._wanted.before, BEFORE)
        self._wait_until_replicated()
        doubled, altered = self._struck()
        self._cut_replication()
        tell(f"loss: {self._wanted.behind} acked behind the cut, then {self._wanted.split_brain} after the promotion")
        behind = self._send(self._wanted.behind, BEHIND)
        self._promote_without_a_fence()
        split_brain, span_s = self._split_brain()
        self._lose_the_old_primary()
        self._read()
        return KnownLoss(
            self._wanted, self._record, frozenset(behind), frozenset(split_brain), doubled, altered, span_s
        )

    def _send(self, count: int, recorder: int) -> list[int]:
        acked = send_transfers(self._session, count, recorder)
        if len(acked) != count:
            raise EstateError(f"the truth is not known: {len(acked)} transfers were acked, {count} were to be")
        return acked

    def _wait_until_replicated(self) -> None:
        """Both books hold the same last entry; nobody writes meanwhile."""
        primary, recovery = (self._session.estate.ledgers[region] for region in self._session.estate.target.regions)
        wait_until(
            "Hyderabad holds every transfer",
            lambda: _newest_entry(primary) == _newest_entry(recovery) or None,
            limit_s=_REPLICATED_S,
        )

    def _struck(self) -> tuple[frozenset[int], frozenset[int]]:
        """Which transfers the bugs struck, by two plain questions to the books; as many as the lab's rule says."""
        dsn = self._session.estate.ledgers[self._session.estate.target.primary_region]
        doubled, altered = _ids(dsn, _BOOKED_TWICE), _ids(dsn, _ODD_AMOUNT)
        if (len(doubled), len(altered)) != self._wanted.struck():
            raise EstateError(
                f"the truth is not known: the bugs struck {len(doubled)} and {len(altered)} times, and by their rule "
                f"{self._wanted.struck()}"
            )
        return doubled, altered

    def _cut_replication(self) -> None:
        primary, recovery = self._session.estate.target.regions
        cut = LinkCut(self._reach, links=[f"{recovery}>{primary}:replication"])
        cut.inject()
        cut.prove()

    def _promote_without_a_fence(self) -> None:
        """Mumbai's control plane is dark, so that nobody can fence its database; the disaster is this promotion."""
        self._reach.lab.darken(self._session.estate.target.primary_region)
        self._marks.add(names.FAULT_REQUESTED, _SOURCE, fault=DISASTER)
        fail_over(self._scene, limit_s=60)
        self._marks.add(names.FAULT_PROVED, _SOURCE, fault=DISASTER)

    def _split_brain(self) -> tuple[list[int], Interval]:
        began_ns = time.monotonic_ns()
        acked = self._send(1, FIRST)
        first_acked_ns = time.monotonic_ns()
        acked += self._send(self._wanted.split_brain - 2, AMONG)
        until_ns = time.monotonic_ns() + round(self._wanted.pause_s * 1e9)
        wait_until("the pause is over", lambda: time.monotonic_ns() >= until_ns, limit_s=60, every_s=0.005)
        last_sent_ns = time.monotonic_ns()
        acked += self._send(1, LAST)
        ended_ns = time.monotonic_ns()
        # Sent after began_ns and before first_acked_ns; the last was acked after last_sent_ns and before ended_ns.
        return acked, interval_s(last_sent_ns - first_acked_ns, ended_ns - began_ns)

    def _lose_the_old_primary(self) -> None:
        loss = RegionLoss(self._reach, region=self._session.estate.target.primary_region)
        loss.inject()
        loss.prove()
        self._marks.add(names.FAULT_HEALED, _SOURCE, fault=DISASTER)

    def _read(self) -> None:
        stopped_ns = time.monotonic_ns()
        region = authoritative_region(self._session.estate)
        quiet = Quiet(stopped_ns, stopped_ns)
        with (
            PostgresReader.open(self._session.estate.ledgers[region], region) as reader,
            SurvivorsFile(self._record.survivors, 1) as file,
        ):
            file.finish(read_stably(reader, file, authoritative=True, quiet=quiet, tell=lambda _said: None))


def _ids(dsn: str, question: LiteralString) -> frozenset[int]:
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        return frozenset(int(row[0]) for row in connection.execute(question).fetchall())


def _newest_entry(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute("SELECT coalesce(max(entry_id), 0) FROM entries").fetchone()
    assert row is not None, "max() answers one row"
    return int(row[0])
