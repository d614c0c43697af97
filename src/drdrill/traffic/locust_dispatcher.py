"""Locust with an open loop: one user that dispatches by the clock, instead of many that wait for their answers.

Locust starts, stops, shows and counts; what is sent when, and what is on record, is ours. Locust replaces threads and
sockets by greenlets when it is imported, so nothing but Locust and ``loadtests/`` may import this module.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import gevent.monkey
from gevent import get_hub, getcurrent
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from drdrill.errors import BadInput, DrillError
from drdrill.model.drill import Traffic
from drdrill.record.operations import MAX_RECORDER, OperationRecorder
from drdrill.traffic.briefing import NO_REGION, Briefing, region_codes
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import JOURNEYS
from drdrill.traffic.leash import accept_leash
from drdrill.traffic.load import FIRST_RECORDER, given_share, worker_name
from drdrill.traffic.load_options import CONNECTIONS, LoadOptions
from drdrill.traffic.locust_tally import Tally
from drdrill.traffic.open_loop import OpenLoop, Terms, Told
from drdrill.traffic.replay import ReplayedSchedule
from drdrill.traffic.resolver import resolver_of

_REGIONS_ALONE = (NO_REGION, "ap-south-1", "ap-south-2")
"""Regions that a run outside a drill can tell apart."""

_RECORDS_ALONE = Path("reports")
_ALONE_FIRST = 1 << 16
"""Outside a drill the recorder's number is drawn at random above this: ids of two runs against one bank must differ."""

STAY_NS = 5_000_000
SOON_S = 0.0005

log = logging.getLogger(__name__)


def options_of(environment: Environment) -> Any:
    """Locust's options as they are now: the web interface may have changed them."""
    return environment.parsed_options


class Desk:
    """What this process keeps between Locust's starts and stops: the briefing, and the one record it writes."""

    def __init__(self, environment: Environment, briefing: Briefing | None) -> None:
        self.environment = environment
        self.briefing = briefing
        self.dispatcher: Dispatcher | None = None
        self._recorder: OperationRecorder | None = None

    @property
    def share(self) -> tuple[int, int]:
        """This worker's place, and how many workers share the schedule."""
        given = given_share()
        if given is not None:
            return given
        runner = self.environment.runner
        if not isinstance(runner, WorkerRunner):
            return 0, 1
        shares = max(1, int(options_of(self.environment).expect_workers))
        return int(runner.worker_index) % shares, shares

    def options(self) -> LoadOptions:
        """What is asked for now. Raises ``BadInput`` with every problem."""
        return LoadOptions.chosen(vars(options_of(self.environment)))

    def loop(self, now_ns: int, told: Told) -> OpenLoop:
        """An open loop that begins now. Raises ``DrillError`` when something asked for cannot be done."""
        options = self.options()
        share, shares = self.share
        door = Door.from_url(self.environment.host or "")
        dns = self.briefing.session.estate.dns if self.briefing else None
        regions = self.briefing.regions if self.briefing else _REGIONS_ALONE
        schedule = options.schedule()
        journeys = schedule.journeys if isinstance(schedule, ReplayedSchedule) else None
        return OpenLoop(
            schedule.share(share, shares).due_ns(now_ns),
            options.mix().share(share, shares).errands(journeys),
            self.recorder(),
            Terms(door, options.deadline, options.concurrency_cap, region_codes(regions), options.keep),
            gevent.monkey.get_original("select", "epoll")(),
            resolver_of(door, dns, gevent.monkey.get_original("_thread", "start_new_thread")),
            told=told,
        )

    def recorder(self) -> OperationRecorder:
        """The record of this process: begun at the first start, closed when Locust quits."""
        if self._recorder is None:
            self._recorder = self._begin_record()
            log.info("Recording operations into %s", self._recorder.path)
        return self._recorder

    def close(self) -> None:
        """Close the record, if one was begun."""
        if self._recorder is not None:
            self._recorder.close()

    def _begin_record(self) -> OperationRecorder:
        index, shares = self.share
        if self.briefing is not None:
            return self.briefing.recorder(FIRST_RECORDER + index, worker_name(index))
        chosen = options_of(self.environment).record
        path = Path(chosen) if chosen else _RECORDS_ALONE / f"locust-{datetime.now(tz=UTC):%Y%m%dT%H%M%S%f}Z.ops"
        path = path.with_stem(f"{path.stem}-{index}") if shares > 1 else path
        number = _ALONE_FIRST + secrets.randbelow(MAX_RECORDER - _ALONE_FIRST)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput("nothing is sent", [f"{path.parent} cannot be made ({error.strerror})"]) from error
        return OperationRecorder.create(path, number, worker_name(index), JOURNEYS, _REGIONS_ALONE)


class Nap:
    """Waiting in gevent's world until a descriptor is readable, for a limited time; other greenlets run meanwhile.

    The watcher stays with gevent's loop between two waits: taking it out and in again costs two system calls each time.
    """

    def __init__(self, descriptor: int) -> None:
        self._hub = get_hub()
        self._asleep: Callable[[], None] | None = None
        self._readable = self._hub.loop.io(descriptor, 1)
        self._readable.start(self._wake)

    def wait(self, seconds: float) -> None:
        """Return when the descriptor is readable or the time is over."""
        self._asleep = getcurrent().switch
        timer = self._hub.loop.timer(seconds)
        timer.start(self._wake)
        try:
            self._hub.switch()
        finally:
            self._asleep = None
            timer.stop()
            timer.close()

    def close(self) -> None:
        """Give the watcher back."""
        self._readable.stop()
        self._readable.close()

    def _wake(self) -> None:
        wake = self._asleep
        if wake is not None:
            wake()


def _stay_while_busy(loop: OpenLoop) -> None:
    """While the next errand is due in no time, wait for it in the loop itself: the way through gevent costs as much as a request.

    Locust's own greenlets (its tables, its web page, its heartbeat) wait for ``STAY_NS`` at most.
    """
    until_ns = time.monotonic_ns() + STAY_NS
    while not loop.finished and (rest_s := loop.rest_s()) <= SOON_S and time.monotonic_ns() < until_ns:
        loop.turn(rest_s)


class Dispatcher(User):
    """The one user of a worker: sends what is due, whatever became of what was sent before."""

    _desk: Desk
    _tally: Tally
    _loop: OpenLoop | None = None

    def on_start(self) -> None:
        """Begin the schedule and, the first time, the record. Further users of the same worker have nothing to do."""
        self._desk = desk_of(self.environment)
        if self._desk.dispatcher is not None:
            log.warning(
                "One dispatcher sends the whole rate: a further user has nothing to do (set --rate, not --users)"
            )
            raise StopUser
        self._tally = Tally(self.environment)
        try:
            self._loop = self._desk.loop(time.monotonic_ns(), self._tally.told)
        except DrillError as error:
            self._give_up(error)
        self._desk.dispatcher = self

    @task
    def dispatch(self) -> None:
        """Send what is due until Locust stops the test."""
        try:
            self._run_until_finished()
        except DrillError as error:
            self._give_up(error)
        raise StopUser

    def on_stop(self) -> None:
        """Send nothing more, and wait until what is in flight has ended or reached its deadline."""
        if self._loop is None:
            return
        self.stop_sending()
        self._run_until_finished()
        log.info(self._loop.connections())
        self._loop.close()
        self._desk.dispatcher = self._loop = None

    def stop_sending(self) -> None:
        """What is due from now on is nobody's."""
        if self._loop is not None:
            self._loop.stop()
            self._tally.flush()

    def _run_until_finished(self) -> None:
        loop = self._loop
        assert loop is not None
        nap = Nap(loop.fileno())
        try:
            while not loop.finished:
                nap.wait(loop.rest_s())
                loop.turn()
                _stay_while_busy(loop)
                self._tally.flush_if_due(time.monotonic_ns())
        finally:
            nap.close()
            self._tally.flush()

    def _give_up(self, error: DrillError) -> None:
        log.error("%s", error)
        self.environment.process_exit_code = error.exit_status
        gevent.spawn(self.environment.runner.quit)
        raise StopUser


_desks: dict[int, Desk] = {}


def desk_of(environment: Environment) -> Desk:
    """The desk of a Locust environment."""
    if id(environment) not in _desks:
        _desks[id(environment)] = Desk(environment, _brief())
    return _desks[id(environment)]


def _brief() -> Briefing | None:
    try:
        return Briefing.from_environment()
    except DrillError as error:
        _refuse(error)


def _refuse(error: DrillError) -> NoReturn:
    print(error, file=sys.stderr)  # noqa: T201 (the message of a command)
    sys.exit(error.exit_status)


def add_options(parser: LocustArgumentParser) -> None:
    """Our options, shown in the web interface as well; the open drill's plan gives the defaults."""
    briefing = _brief()
    planned = (
        LoadOptions.planned(briefing.traffic, briefing.drill.seed)
        if briefing
        else LoadOptions.planned(Traffic(), seed=1)
    )
    group = parser.add_argument_group("drdrill: open-loop banking traffic, recorded")
    default = planned.as_dict()
    for name, kind, help_ in (
        ("rate", float, "operations a second, whatever becomes of them"),
        ("ramp", float, "seconds in which the rate climbs from nothing"),
        ("shape", str, "steady, spike peak=400,after=30,lasts=20, banking-day day=600, or replay file=arrivals.csv"),
        ("journeys", str, "journeys with their weights"),
        ("deadline", float, "seconds that each request may take from being sent"),
        ("concurrency-cap", int, "requests in flight at most; beyond it operations are recorded as unsent"),
        ("accounts", int, "accounts 0 to N-1 take part"),
        ("seed", int, "number that the random choices are drawn from"),
    ):
        group.add_argument(f"--{name}", type=kind, default=default[name.replace("-", "_")], help=help_)
    group.add_argument(
        "--arrivals", choices=["constant", "poisson"], default=default["arrivals"], help="how arrivals are spaced"
    )
    group.add_argument(
        "--connections", choices=CONNECTIONS, default=default["connections"], help="one for each request, or kept ones"
    )
    group.add_argument(
        "--record", default="", help="file for the record of a run outside a drill (a new file under reports/)"
    )
    if briefing is not None:
        parser.set_defaults(host=briefing.door.url)


def prepare(environment: Environment, runner: LocalRunner | MasterRunner | WorkerRunner, **_: Any) -> None:
    """Refuse what cannot be performed before anything is started, and take the leash."""
    desk = desk_of(environment)
    try:
        desk.options()
        if environment.host:
            Door.from_url(environment.host)
    except DrillError as error:
        _refuse(error)
    options = options_of(environment)
    if isinstance(runner, MasterRunner) and not options.num_users:
        options.num_users = options.expect_workers  # one dispatcher for each worker
    accept_leash(forked=isinstance(runner, WorkerRunner))
    get_hub().loop.update_now()  # else --run-time counts from before the imports


def stop_sending(environment: Environment, **_: Any) -> None:
    """Stop the schedule at once, before Locust gets round to stopping its users."""
    dispatcher = desk_of(environment).dispatcher
    if dispatcher is not None:
        dispatcher.stop_sending()


def close_records(**_: Any) -> None:
    """Close what was recorded: nothing is in flight any more."""
    for desk in _desks.values():
        desk.close()


for hook, listener in (
    (events.init_command_line_parser, add_options),
    (events.init, prepare),
    (events.test_stopping, stop_sending),
    (events.quit, close_records),
):
    hook.add_listener(listener)  # type: ignore[no-untyped-call]
