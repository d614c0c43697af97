"""The life of one drill. Performs, and never judges: judgement sees only the closed record."""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drdrill.dossier import close
from drdrill.errors import Aborted, DrillError, EstateError, NotInjecting, Unprovable
from drdrill.interruption import Interruption, interruptible
from drdrill.lab.lab import Lab
from drdrill.lab.settings import LabSettings
from drdrill.model import mark as names
from drdrill.model.drill import Drill
from drdrill.model.estate import Estate, Session
from drdrill.model.judgement import Judgement
from drdrill.performer import Tell, perform_experiment
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.marks import MarkBook
from drdrill.record.survivors import SurvivorsFile
from drdrill.record.syncing import synced
from drdrill.runbooks.reconcile import reconcile_lost_writes
from drdrill.runbooks.scene import Scene
from drdrill.safety.heal import heal_open_faults
from drdrill.safety.watchdog_process import Watchdog
from drdrill.survivors.authority import authoritative_region
from drdrill.survivors.postgresql import PostgresReader
from drdrill.survivors.reader import Quiet
from drdrill.survivors.stable import read_stably
from drdrill.traffic.fleet import Load, LoadTerms, load_of
from drdrill.traffic.prober_process import Prober
from drdrill.waiting import wait_until

_SOURCE = "perform"


@dataclass(frozen=True)
class Stage:
    """How a drill is to be performed: the experiment, where evidence goes, the lab, and the performer's command."""

    experiment: Path
    reports: Path
    settings: LabSettings = field(default_factory=LabSettings)
    performer: tuple[str, ...] = (sys.executable, "-m", "drdrill.chaos.executor", "{experiment}", "{journal}")
    inspect: Callable[[Estate], None] | None = None
    """A look at the estate after the survivors were read and before it closes: for a check by somebody else's hand."""
    inspect_reconciled: Callable[[Estate], None] | None = None
    """The same after the reconciliation, in a drill that has one; ``inspect`` sees the books as the loss was read from them."""
    load: LoadTerms = field(default_factory=LoadTerms)
    """Where the load comes from: this machine, or others."""


@dataclass(frozen=True)
class Rehearsal:
    """What one run left: the evidence folder, the judgement, and why it did not run or did not end (None: it did)."""

    folder: RecordFolder
    judgement: Judgement
    exit_status: int
    digest: str
    stopped_because: str | None


def rehearse(drill: Drill, stage: Stage, tell: Tell) -> Rehearsal:
    """Perform one drill, and judge it from its record alone.

    1 save the plan  2 open the estate  3 start the watchdog, the prober and the traffic  4 hold the baseline
    5 perform the experiment: steady state, fault, detect, decide, promote, route, restored, heal
    6 heal whatever is still open  7 stop the writers  8 read the survivors  9 close the history
    10 judge  11 report.

    Always ends with a judged, closed record when the evidence folder could be made; raises ``EstateError`` when not.
    """
    folder = RecordFolder.create(stage.reports, drill.drill_id)
    _save_plan(folder, drill, stage.experiment)
    marks = MarkBook(folder.marks)
    marks.add(names.DRILL_STARTED, _SOURCE)
    marks.add(names.CLOCK_ANCHOR, _SOURCE, wall=datetime.now(tz=UTC).isoformat())
    stopped: DrillError | None = None
    with interruptible(tell) as interruption:
        try:
            _on_the_estate(drill, stage, folder, marks, interruption, tell)
        except DrillError as error:
            stopped = error
            if isinstance(error, Aborted):
                marks.add(names.DRILL_ABORTED, _SOURCE, reason=str(error))
        except OSError as error:
            stopped = EstateError(
                f"the drill ended early: {error.strerror or error} ({error.filename or 'no file named'})"
            )
        except Exception as error:  # noqa: BLE001 (the one boundary of a drill: a crash keeps its evidence, and is never a pass)
            (folder.logs / "crash.log").write_text(traceback.format_exc())
            stopped = Unprovable(f"the drill crashed ({type(error).__name__}: {error}); see logs/crash.log")
            marks.add(names.DRILL_ABORTED, _SOURCE, reason=str(stopped))
        with interruption.held_back():
            marks.add(names.DRILL_ENDED, _SOURCE, stopped_because=str(stopped) if stopped else None)
            return _close(folder, stopped, tell)


def _save_plan(folder: RecordFolder, drill: Drill, experiment: Path) -> None:
    """Save the plan and the experiment; what is performed later is this copy, not a file that may change meanwhile."""
    content = experiment.read_bytes()
    if hashlib.sha256(content).hexdigest() != drill.experiment_sha256:
        raise EstateError(f"no drill was begun: {experiment} changed after its plan was read; run it again")
    write_durably(folder.plan, (drill.model_dump_json(indent=1) + "\n").encode())
    write_durably(folder.experiment, content)


def _on_the_estate(
    drill: Drill, stage: Stage, folder: RecordFolder, marks: MarkBook, interruption: Interruption, tell: Tell
) -> None:
    if drill.target.kind != "lab":
        raise NotInjecting(
            f"not injecting: {drill.target.name} is not the lab, and the guard for real estates does not exist yet; "
            "point the drill at targets/lab.toml"
        )
    with ExitStack() as closing:
        tell("opening the lab: two regions on loopback")
        lab = closing.enter_context(
            Lab.open(drill.target, folder.logs / "lab", settings=_settings(drill, stage), progress=tell)
        )
        session = _session(drill, folder, lab.estate)
        closing.callback(folder.session.unlink, missing_ok=True)
        closing.enter_context(Watchdog(folder.session, folder.logs))
        try:
            with ExitStack() as traffic:
                traffic.enter_context(synced(folder.operations))
                traffic.enter_context(Prober(folder.session, folder.logs))
                load = traffic.enter_context(load_of(stage.load, folder, marks, tell))
                traffic.callback(_heal, session, tell, interruption)  # runs first: heal while customers still watch
                marks.add(names.TRAFFIC_STARTED, _SOURCE)
                _hold_baseline(drill, load, tell)
                perform_experiment(drill, stage.performer, folder, lambda: lab.process.poll() is None, tell)
        finally:
            with interruption.held_back():
                marks.add(names.TRAFFIC_STOPPED, _SOURCE)
                _heal(session, tell, interruption)
                was_read = _read_survivors(drill, session, folder, tell)
                if stage.inspect is not None:
                    stage.inspect(session.estate)
                if drill.reconcile and was_read:
                    _reconcile(drill, session, folder, stage, tell)


def _settings(drill: Drill, stage: Stage) -> LabSettings:
    front_door = drill.target.front_door
    chosen = {
        "strategy": drill.strategy.model_dump(),
        "workers_per_region": drill.target.workers_per_region,
        "accounts": drill.traffic.accounts,
        "time_scale": drill.time_scale,
        "health_check_interval_s": front_door.health_check_interval_s,
        "threshold": front_door.health_check_threshold,
        "ttl_s": front_door.record_ttl_s,
    }
    return LabSettings.model_validate({**stage.settings.model_dump(), **chosen})


def _session(drill: Drill, folder: RecordFolder, estate: Estate) -> Session:
    session = Session(
        drill_id=drill.drill_id,
        evidence_dir=str(folder.root),
        disaster=drill.disaster,
        estate=estate,
        plan_path=str(folder.plan),
    )
    write_durably(folder.session, session.model_dump_json().encode())
    return session


def _hold_baseline(drill: Drill, load: Load, tell: Tell) -> None:
    baseline_s = drill.traffic.baseline_s
    tell(f"traffic runs; holding the baseline for {baseline_s:g} s")
    until_ns = time.monotonic_ns() + int((baseline_s + drill.traffic.ramp_s) * 1e9)

    def held() -> bool:
        if not load.alive:
            raise EstateError("not injecting: the load generator died during the baseline; see logs/locust.log")
        return time.monotonic_ns() >= until_ns

    wait_until("the baseline has been held", held, limit_s=baseline_s + drill.traffic.ramp_s + 30)


def _heal(session: Session, tell: Tell, interruption: Interruption) -> None:
    """Heal what is open. What refuses stays on record as not healed, and what follows must still be done."""
    with interruption.held_back():
        try:
            for sentence in heal_open_faults(session):
                tell(sentence)
        except DrillError as error:
            tell(f"A FAULT IS STILL IN FORCE: {error}")


def _reconcile(drill: Drill, session: Session, folder: RecordFolder, stage: Stage, tell: Tell) -> None:
    """The loss has been read; only now may lost payments be re-applied, and the books are read once more."""
    reconcile_lost_writes(Scene.of(session, drill), tell)
    _read_survivors(drill, session, folder, tell, number=2)
    if stage.inspect_reconciled is not None:
        stage.inspect_reconciled(session.estate)


def _read_survivors(drill: Drill, session: Session, folder: RecordFolder, tell: Tell, number: int = 1) -> bool:
    """Save the survivors if they can be read; where they cannot, the record has none and judgement says so."""
    stopped_ns = time.monotonic_ns()
    quiet = Quiet(stopped_ns, stopped_ns + int(drill.traffic.deadline_s * 1e9))
    tell("reading the survivors")
    try:
        region = authoritative_region(session.estate)
        with (
            PostgresReader.open(session.estate.ledgers[region], region) as reader,
            SurvivorsFile(folder.survivors, number, drill.drill_id) as file,
        ):
            file.finish(read_stably(reader, file, authoritative=True, quiet=quiet, tell=tell))
    except DrillError as error:
        tell(str(error))
        return False
    return True


def _close(folder: RecordFolder, stopped: DrillError | None, tell: Tell) -> Rehearsal:
    tell("closing the history, and judging it")
    judgement, digest = close(folder, notes=(str(stopped),) if stopped else ())
    return Rehearsal(
        folder=folder,
        judgement=judgement,
        exit_status=_exit_status(judgement, stopped),
        digest=digest,
        stopped_because=str(stopped) if stopped else None,
    )


def _exit_status(judgement: Judgement, stopped: DrillError | None) -> int:
    if isinstance(stopped, Aborted | NotInjecting):
        return stopped.exit_status
    if isinstance(stopped, EstateError) and judgement.disaster_s is None:
        return stopped.exit_status
    if stopped is not None and judgement.exit_status in (0, Aborted.exit_status):
        return Unprovable.exit_status
    return judgement.exit_status
