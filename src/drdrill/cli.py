"""The command line: every message is written for a tired operator at 3 a.m."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from drdrill import __version__
from drdrill.calibration.command import calibrate_and_show
from drdrill.calibration.run import Wanted
from drdrill.doctor import ENGINES, PASSWORD_VARIABLE, examine, exit_status, findings_table, statements
from drdrill.dossier import rejudge, render
from drdrill.errors import BadInput, DrillError, Unprovable
from drdrill.lab.settings import LabSettings
from drdrill.model.drill import Drill
from drdrill.model.estate import Address, Session
from drdrill.model.judgement import Judgement
from drdrill.perform import Rehearsal, Stage, rehearse
from drdrill.plan import read_plan
from drdrill.record.columns import export_columns
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import history_digest
from drdrill.report import render_terminal
from drdrill.safety.heal import heal_open_faults
from drdrill.traffic.fleet import LoadTerms, refuse_unwatched
from drdrill.traffic.load_worker import LoadWorker
from drdrill.traffic.worker_session import read_worker_session

_STDERR = Console(stderr=True, highlight=False)
_STDOUT = Console(highlight=False)

_TARGET = click.option(
    "--target",
    type=click.Path(path_type=Path),
    default=Path("targets/lab.toml"),
    show_default=True,
    help="The estate the drill is pointed at.",
)
_REPORTS = click.option(
    "--reports",
    type=click.Path(path_type=Path),
    default=Path("reports/evidence"),
    show_default=True,
    help="Where evidence folders are made.",
)
_SCALE = click.option(
    "--time-scale",
    type=float,
    metavar="K",
    help="Divide the objectives and the strategy's own times by K; 1 is full scale. The experiment's own when not given.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object on the last line.")
_DEFECT = click.option(
    "--lab-defect",
    default="none",
    show_default=True,
    help="Plant a known defect in the lab's bank, to see the drill convict it (docs/lab.md lists them).",
)

_LOAD = (
    click.option(
        "--workers",
        default=1,
        show_default=True,
        help="Load generators that share the schedule, a core each: on this machine, or with --elsewhere on others.",
    ),
    click.option(
        "--elsewhere",
        metavar="PLACE",
        help="Let other machines send the load (drdrill load-worker); they hand their records over in this folder, or s3://bucket/prefix.",
    ),
    click.option(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:0",
        show_default=True,
        help="Where workers elsewhere ask for the drill's time; an address that they can reach.",
    ),
    click.option(
        "--worker-session",
        type=click.Path(path_type=Path),
        help="Where the file that they are started with is written; it holds a token. In the evidence folder when not given.",
    ),
    click.option(
        "--locust-master", metavar="HOST:PORT", help="Let Locust's own master, listening here, start them all at once."
    ),
)
"""Where the load comes from (docs/distributed.md)."""


def _with_load[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    for option in reversed(_LOAD):
        command = option(command)
    return command


class _Main(click.Group):
    """A group whose every error is one sentence and the right exit status (measuring.md, section 6)."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; a usage error exits 4, a drill's error with its own status."""
        try:
            status = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.ClickException as error:
            error.show()
            sys.exit(BadInput.exit_status)
        except click.Abort:
            _STDERR.print("aborted before anything was done")
            sys.exit(5)
        except DrillError as error:
            _STDERR.print(escape(str(error)))
            sys.exit(error.exit_status)
        except BrokenPipeError:
            sys.exit(2)
        except OSError as error:
            _STDERR.print(
                f"not everything could be written or read: {escape(str(error))}; make room, then judge the folder again"
            )
            sys.exit(2)
        sys.exit(status if isinstance(status, int) else 0)


@click.group(cls=_Main)
@click.version_option(__version__, prog_name="drdrill")
def main() -> None:
    """Rehearse the loss of a region, and learn truthfully what it costs.

    Exit status: 0 pass, 1 fail, 2 unknown, 3 not run, 4 usage, 5 aborted.
    """


@main.command()
@click.argument("experiment", type=click.Path(path_type=Path))
@_TARGET
@_REPORTS
@_JSON
@_DEFECT
@_SCALE
@_with_load
def run(
    experiment: Path,
    target: Path,
    reports: Path,
    as_json: bool,
    lab_defect: str,
    time_scale: float | None,
    **load: Any,
) -> int:
    """Perform one drill, judge it, and write the report."""
    drill = read_plan(experiment, target, time_scale=time_scale)
    terms = _load(**load)
    refuse_unwatched(drill.traffic, terms)
    stage = Stage(
        experiment=experiment.resolve(), reports=reports.resolve(), settings=_settings(lab_defect), load=terms
    )
    return _perform(drill, stage, as_json)


@main.command(name="load-worker")
@click.argument("session", type=click.Path(path_type=Path))
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="A new folder for its records; it stays when all is over. One under ./load-worker/ when not given.",
)
@click.option(
    "--processes", default=1, show_default=True, help="Shares of the load that this machine takes, a core each."
)
@click.option("--master", metavar="HOST:PORT", help="The drill's --locust-master, if it has one.")
def load_worker(session: Path, home: Path | None, processes: int, master: str | None) -> None:
    """Send shares of another machine's drill, and hand the records over.

    SESSION is the file that the drill wrote (run --elsewhere PLACE --worker-session FILE); it holds the drill's token, so keep
    it to yourself.

    It ends by itself when the drill's traffic is over, or when the drill is not heard any more. Ctrl-C ends it early; what it
    recorded is handed over all the same.

    Exit status: 0 handed over, 3 nothing was sent or handed over (the message says where the records are), 4 usage.
    """
    told = read_worker_session(session)
    home = home or Path("load-worker") / f"{told.drill.drill_id}-{os.getpid()}"
    worker = LoadWorker(
        told, home.resolve(), processes=processes, master=_address(master) if master else None, tell=_teller()
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    for receipt in worker.run():
        _STDOUT.print(escape(f"handed over: {receipt.name}, {receipt.readings} readings of this clock"), soft_wrap=True)


@main.command(name="open", context_settings={"ignore_unknown_options": True})
@click.argument("experiment", type=click.Path(path_type=Path))
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_TARGET
@_REPORTS
@_JSON
@_DEFECT
@_SCALE
def open_drill(
    experiment: Path,
    command: tuple[str, ...],
    target: Path,
    reports: Path,
    as_json: bool,
    lab_defect: str,
    time_scale: float | None,
) -> int:
    """Open a drill and let COMMAND perform it, for example Chaos Toolkit's own runner.

    The words {experiment} and {journal} in COMMAND are replaced by the paths of the experiment and of the journal
    that the evidence needs:

    drdrill open experiments/x.yaml -- chaos run --journal-path {journal} {experiment}
    """
    drill = read_plan(experiment, target, time_scale=time_scale)
    stage = Stage(
        experiment=experiment.resolve(), reports=reports.resolve(), settings=_settings(lab_defect), performer=command
    )
    return _perform(drill, stage, as_json)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_JSON
def judge(folder: Path, as_json: bool) -> int:
    """Judge a recorded drill again, offline, and compare with the findings that were saved."""
    record = RecordFolder.existing(folder.resolve())
    judgement = rejudge(record)
    saved = record.findings.read_bytes() if record.findings.is_file() else None
    fresh = judgement.to_json().encode()
    if saved is None:
        write_durably(record.findings, fresh, mode=0o644)
        comparison = "no findings had been saved; these are saved now"
    else:
        comparison = "the saved findings are the same, byte for byte" if saved == fresh else "THE SAVED FINDINGS DIFFER"
    _show(_plan_of(record), judgement, as_json, (comparison,))
    if saved is not None and saved != fresh:
        raise DrillError(
            f"the saved findings are not what the record supports: {record.findings} differs from this judgement"
        )
    return judgement.exit_status


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def report(folder: Path) -> None:
    """Write the report of a recorded drill again."""
    record = RecordFolder.existing(folder.resolve())
    render(record, _plan_of(record), rejudge(record), history_digest(record) or "never closed")
    _STDOUT.print(f"report: {escape(str(record.report))}", soft_wrap=True)


@main.command()
@click.option("--repetitions", default=10, show_default=True, help="How often each kind is repeated.")
@click.option("--only", multiple=True, metavar="KIND", help="This kind alone (may be given more than once).")
@click.option("--seed", default=1, show_default=True, help="What the lengths and numbers are drawn from.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path),
    default=Path("reports/calibration"),
    show_default=True,
    help="Where calibrations are kept.",
)
def calibrate(repetitions: int, only: tuple[str, ...], seed: int, reports: Path) -> int:
    """Inject outages and losses that are known beforehand, and compare what the instrument says of them."""
    wanted = Wanted(repetitions=repetitions, reports=reports.resolve(), only=only, seed=seed)
    return calibrate_and_show(wanted, _STDERR, _STDOUT)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def export(folder: Path) -> None:
    """Write the operations of a recorded drill as Parquet, for judging in a SQL engine."""
    record = RecordFolder.existing(folder.resolve())
    files = export_columns(record, _plan_of(record).drill_id, _teller())
    for file in files:
        _STDOUT.print(f"{escape(str(record.root / 'columns' / file.name))}  sha256 {file.sha256}", soft_wrap=True)
    if not files:
        raise Unprovable(
            f"nothing was exported: no record in {record.operations} can be judged; see columns/columns.json"
        )


@main.command()
@click.argument("address", metavar="USER@HOST[:PORT][/DATABASE]")
@click.option("--native", "engine", required=True, type=click.Choice(ENGINES), help="The engine of the server.")
@click.option(
    "--statements", "only_list", is_flag=True, help="List the statements that would be sent; connect to nothing."
)
def doctor(engine: str, address: str, only_list: bool) -> int:
    """Say whether a drill could use a database server of the bank's own; changes nothing.

    The password is taken from DRDRILL_NATIVE_PASSWORD, or asked for. Exit status: 0 all is right, 1 something is not, 2 not known.
    """
    if only_list:
        for statement in statements(engine):
            _STDOUT.print(escape(" ".join(statement.split())), soft_wrap=True)
        return 0
    checks = examine(
        engine, address, lambda: os.environ.get(PASSWORD_VARIABLE) or click.prompt("password", hide_input=True)
    )
    _STDOUT.print(findings_table(engine, address, checks))
    return exit_status(checks)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def heal(folder: Path) -> None:
    """Heal every fault that a drill left open, and prove it."""
    record = RecordFolder.existing(folder.resolve())
    if not record.session.is_file():
        raise BadInput(
            "nothing was healed", [f"the drill in {folder} is not open (its session has ended, and the lab with it)"]
        )
    sentences = heal_open_faults(Session.model_validate_json(record.session.read_bytes()))
    for sentence in sentences or ("nothing to heal: no fault of this drill is open",):
        _STDOUT.print(escape(sentence), soft_wrap=True)


def _settings(defect: str) -> LabSettings:
    try:
        return LabSettings(defect=defect)
    except ValueError as error:
        raise BadInput("not running the drill", [str(error)]) from error


def _load(
    workers: int, elsewhere: str | None, listen: str, worker_session: Path | None, locust_master: str | None
) -> LoadTerms:
    return LoadTerms(
        workers=workers,
        place=elsewhere,
        listen=_address(listen),
        session=worker_session.resolve() if worker_session else None,
        master=_address(locust_master) if locust_master else None,
    )


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise BadInput("nothing was begun", [f"{text!r} is not of the form HOST:PORT"])
    return Address(host=host.strip("[]"), port=int(port))


def _perform(drill: Drill, stage: Stage, as_json: bool) -> int:
    rehearsal = rehearse(drill, stage, _teller())
    _show(drill, rehearsal.judgement, as_json, _paths(rehearsal))
    return rehearsal.exit_status


def _paths(rehearsal: Rehearsal) -> tuple[str, ...]:
    lines = (f"evidence: {rehearsal.folder.root}", f"report:   {rehearsal.folder.report}")
    return (rehearsal.stopped_because, *lines) if rehearsal.stopped_because else lines


def _show(drill: Drill, judgement: Judgement, as_json: bool, lines: tuple[str, ...]) -> None:
    console = _STDERR if as_json else _STDOUT
    console.print(render_terminal(drill, judgement))
    for line in lines:
        console.print(escape(line), soft_wrap=True)
    if as_json:
        click.echo(judgement.model_dump_json())


def _plan_of(record: RecordFolder) -> Drill:
    return Drill.model_validate_json(record.plan.read_bytes())


def _teller() -> Callable[[str], None]:
    began_ns = time.monotonic_ns()

    def tell(sentence: str) -> None:
        seconds = (time.monotonic_ns() - began_ns) / 1e9
        _STDERR.print(f"[dim]{seconds:6.1f} s[/]  {escape(sentence)}", soft_wrap=True)

    return tell


if __name__ == "__main__":
    main()
