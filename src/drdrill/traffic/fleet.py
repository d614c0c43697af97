"""The load of a drill, made on other machines: waited for, watched, stopped, and its records brought home."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from drdrill.errors import BadInput, EstateError
from drdrill.model import mark as names
from drdrill.model.drill import Traffic
from drdrill.model.estate import Address
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.marks import MarkBook
from drdrill.traffic.briefing import Briefing
from drdrill.traffic.hand_over import collect
from drdrill.traffic.load import FIRST_RECORDER, WORKERS_MAX, LoadGenerator, LocustMaster, worker_name
from drdrill.traffic.place import place_of
from drdrill.traffic.process import STOP_MARGIN_S
from drdrill.traffic.timekeeper import Share, Timekeeper
from drdrill.traffic.worker_session import LEASE_S, WorkerSession, new_token
from drdrill.waiting import wait_until

_SOURCE = "fleet"
LOOPBACK = "127.0.0.1"
_LEASE_RESERVE = 1.2
"""A lease is counted by the worker's own clock: this much longer it may seem to the drill's."""


@dataclass(frozen=True)
class LoadTerms:
    """Where the load of a drill comes from: ``workers`` processes of this machine, or, with ``place``, of others.

    ``listen`` is where those ask for the time (port 0: any); ``session`` where the file for them is written (None: beside the
    evidence); ``master`` where Locust's own master listens (None: each worker is on its own).
    """

    workers: int = 1
    place: str | None = None
    listen: Address = field(default_factory=lambda: Address(host=LOOPBACK, port=0))
    session: Path | None = None
    master: Address | None = None
    start_limit_s: float = 300.0
    collect_limit_s: float = 60.0
    lease_s: float = LEASE_S

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= WORKERS_MAX:
            raise BadInput(
                "not running the drill", [f"{self.workers} workers are asked for; 1 to {WORKERS_MAX} can be numbered"]
            )
        if self.place is None and self.master is not None:
            raise BadInput(
                "not running the drill", ["a Locust master is for workers elsewhere: say where they hand over"]
            )


def refuse_unwatched(traffic: Traffic, terms: LoadTerms) -> None:
    """Demand that the prober sees every journey whose load is elsewhere: activities look at what this machine records.

    Raises ``BadInput``.
    """
    if terms.place is None:
        return
    loaded = {name for name, weight in traffic.journeys.items() if weight > 0}
    unseen = sorted(loaded - set(traffic.probe_journeys))
    if unseen:
        problem = f"nobody on this machine would see {', '.join(unseen)} while the drill runs: name them in probe_journeys too"
        raise BadInput("not running the drill", [problem])


class Load(Protocol):
    """What makes the load of a drill, wherever it is."""

    @property
    def alive(self) -> bool:
        """Whether all of it is still being sent."""


def load_of(
    terms: LoadTerms, folder: RecordFolder, marks: MarkBook, tell: Callable[[str], None]
) -> AbstractContextManager[Load]:
    """The load that the terms ask for; ``with`` starts it, and ends it with its records in the evidence folder."""
    if terms.place is None:
        return LoadGenerator(folder.session, folder.logs, workers=terms.workers)
    return Fleet(terms, terms.place, folder, marks, tell)


class Fleet:
    """``with Fleet(…):`` waits until every worker elsewhere sends; on leaving, their records are in the evidence folder.

    Whose record is not there then has a mark that says why, and judgement goes on without it: nothing passes that it could
    have failed.
    """

    def __init__(
        self, terms: LoadTerms, place: str, folder: RecordFolder, marks: MarkBook, tell: Callable[[str], None]
    ) -> None:
        self._terms = terms
        self._folder = folder
        self._marks = marks
        self._tell = tell
        self._briefing = Briefing.read(folder.session)
        self._place_url = place
        self._place = place_of(place, self._briefing.drill.drill_id)
        self._token = new_token()
        self._keeper = Timekeeper(terms.workers, self._token, terms.listen, told=self._enrolled)
        self._session_path = terms.session or folder.root / "worker-session.json"
        self._open = ExitStack()
        self._collected = False

    @property
    def alive(self) -> bool:
        """Whether every worker is still heard of, and sends."""
        return not self._lost()

    def start(self) -> Self:
        """Publish the session, and return when every share is being sent. Raises ``EstateError`` when that takes too long."""
        terms = self._terms
        with ExitStack() as opening:
            opening.enter_context(self._keeper)
            self._publish()
            opening.callback(self._session_path.unlink, missing_ok=True)
            if terms.master is not None:
                master = LocustMaster(self._folder.session, self._folder.logs, terms.workers, terms.master)
                master.launch()
                opening.callback(master.stop)
            self._tell(
                f"waiting for {terms.workers} shares of load from elsewhere; start there: "
                f"drdrill load-worker {self._session_path}" + (f" --master {terms.master}" if terms.master else "")
            )
            wait_until(
                "every worker sends",
                lambda: all(share.state == "sending" for share in self._keeper.shares()),
                limit_s=terms.start_limit_s,
                every_s=0.1,
                seen=self._told_states,
                error=EstateError,
            )
            self._open = opening.pop_all()
        return self

    def stop(self) -> None:
        """Tell all workers to stop, wait until they have or their lease is over, and take their records. May be called twice."""
        if self._collected:
            return
        self._collected = True
        self._keeper.stop_workers()
        deadline_s = self._briefing.traffic.deadline_s + STOP_MARGIN_S
        patience_s = deadline_s + self._terms.lease_s * _LEASE_RESERVE + 5
        wait_until("every worker has ended", self._quiet, limit_s=patience_s * 2, every_s=0.1, seen=self._told_states)
        self._collect()
        self._open.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _publish(self) -> None:
        session = WorkerSession(
            drill=self._briefing.drill,
            dns=self._briefing.session.estate.dns,
            workers=self._terms.workers,
            keeper=self._keeper.address,
            token=self._token,
            place=self._place_url,
            lease_s=self._terms.lease_s,
        )
        write_durably(self._session_path, (session.model_dump_json(indent=1) + "\n").encode())

    def _enrolled(self, share: Share) -> None:
        detail = {"recorder": FIRST_RECORDER + share.index, "worker": worker_name(share.index), "host": share.host}
        self._marks.add(names.RECORDER_ENROLLED, _SOURCE, **detail)

    def _lost(self) -> list[Share]:
        return [share for share in self._keeper.shares() if share.state != "sending" or self._lease_is_over(share)]

    def _lease_is_over(self, share: Share) -> bool:
        return time.monotonic_ns() - share.heard_ns > self._terms.lease_s * _LEASE_RESERVE * 1e9

    def _quiet(self) -> bool:
        """Whether nobody sends: each has said so, or has been silent for its lease and the time that its Locust has to end."""
        grace_ns = int((self._terms.lease_s * _LEASE_RESERVE + self._briefing.traffic.deadline_s + STOP_MARGIN_S) * 1e9)
        return all(
            share.state in ("free", "ended", "handed over") or time.monotonic_ns() - share.heard_ns > grace_ns
            for share in self._keeper.shares()
        )

    def _collect(self) -> None:
        recorders = {
            FIRST_RECORDER + share.index: worker_name(share.index)
            for share in self._keeper.shares()
            if share.state != "free"
        }
        self._tell(f"waiting for {len(recorders)} records in {self._place_url}")
        collected = collect(
            self._place,
            self._briefing.drill.drill_id,
            recorders,
            self._folder.operations,
            limit_s=self._terms.collect_limit_s,
            tell=self._tell,
        )
        for number in sorted(recorders.keys() - collected.missing.keys()):
            self._marks.add(names.RECORDER_RETURNED, _SOURCE, recorder=number, worker=recorders[number])
        for number, reason in sorted(collected.missing.items()):
            self._marks.add(names.RECORDER_LOST, _SOURCE, recorder=number, worker=recorders[number], reason=reason)
            self._tell(f"judged without {recorders[number]}: {reason}")

    def _told_states(self) -> str:
        now_ns = time.monotonic_ns()
        told = [
            f"{worker_name(share.index)} {share.state}"
            + (f" ({share.host}, heard {(now_ns - share.heard_ns) / 1e9:.1f} s ago)" if share.heard_ns else "")
            for share in self._keeper.shares()
        ]
        refused = self._keeper.refused
        return ", ".join(told) + (f"; {refused} connections without this drill's token" if refused else "")
