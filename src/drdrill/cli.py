"""The command line: every message is written for a tired operator at 3 a.m."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from drdrill import __version__
from drdrill.dossier import rejudge, render
from drdrill.errors import BadInput, DrillError
from drdrill.lab.settings import LabSettings
from drdrill.model.drill import Drill
from drdrill.model.estate import Session
from drdrill.model.judgement import Judgement
from drdrill.perform import Rehearsal, Stage, rehearse
from drdrill.plan import read_plan
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.history import history_digest
from drdrill.report import render_terminal
from drdrill.safety.heal import heal_open_faults

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
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object on the last line.")
_DEFECT = click.option(
    "--lab-defect",
    default="none",
    show_default=True,
    help="Plant a known defect in the lab's bank, to see the drill convict it (docs/lab.md lists them).",
)


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
def run(experiment: Path, target: Path, reports: Path, as_json: bool, lab_defect: str) -> int:
    """Perform one drill, judge it, and write the report."""
    drill = read_plan(experiment, target)
    stage = Stage(experiment=experiment.resolve(), reports=reports.resolve(), settings=_settings(lab_defect))
    return _perform(drill, stage, as_json)


@main.command(name="open", context_settings={"ignore_unknown_options": True})
@click.argument("experiment", type=click.Path(path_type=Path))
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_TARGET
@_REPORTS
@_JSON
@_DEFECT
def open_drill(
    experiment: Path, command: tuple[str, ...], target: Path, reports: Path, as_json: bool, lab_defect: str
) -> int:
    """Open a drill and let COMMAND perform it, for example Chaos Toolkit's own runner.

    The words {experiment} and {journal} in COMMAND are replaced by the paths of the experiment and of the journal
    that the evidence needs:

    drdrill open experiments/x.yaml -- chaos run --journal-path {journal} {experiment}
    """
    drill = read_plan(experiment, target)
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
