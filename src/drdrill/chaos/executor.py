"""``python -m drdrill.chaos.executor EXPERIMENT JOURNAL``: one experiment in a fresh process, in its main thread.

Ends with 0 when the method was played to its end (whatever was seen: the verdict comes from the record), 3 when nothing was
injected because the steady state was not met or no drill is open, 4 when the file may not be performed, 5 when a signal ended
it, 2 when an activity stopped it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import yaml
from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.run import RunEventHandler

from drdrill.chaos.rules import hypothesis_strategy, refuse_unsafe
from drdrill.errors import Aborted, BadInput, DrillError, NotInjecting, Unprovable
from drdrill.record.folder import write_durably
from drdrill.safety.session import open_session

_SETTINGS = {"runtime": {"rollbacks": {"strategy": "always"}}}
_INTERRUPTED = 20
"""The exit code by which Chaos Toolkit knows "stop now, and play the rollbacks"."""

_PR_SET_PDEATHSIG = 1


class _Events(RunEventHandler):  # type: ignore[misc]
    """Keeps hold of the journal, and of the signals: chaoslib's own handlers could be swallowed, or cut rollbacks short."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.journal: dict[str, Any] | None = None
        self.interrupted_by_signal = False

    def started(self, experiment: dict[str, Any], journal: dict[str, Any]) -> None:
        """The journal is filled in place from here on; chaoslib has just installed its own handlers, ours go on top."""
        del experiment
        self.journal = journal
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def activity_completed(self, activity: dict[str, Any], run: dict[str, Any]) -> None:
        """Save what there is, so that even ``kill -9`` leaves a journal."""
        del activity, run
        self.save()

    def start_rollbacks(self, experiment: dict[str, Any]) -> None:
        """What follows undoes, and must finish: one request to stop is enough."""
        del experiment
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def save(self) -> None:
        """Write the journal so that it is there in full, or as it was."""
        if self.journal is not None:
            text = json.dumps(_complete(self.journal), indent=1, default=str)
            write_durably(self._path, (text + "\n").encode())

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # SystemExit is no Exception: no broad except of a library can swallow it, as botocore's swallows InterruptExecution.
        self.interrupted_by_signal = True
        raise SystemExit(_INTERRUPTED)


def perform(experiment_path: Path, journal_path: Path) -> int:
    """Check the file, run it, write the journal. Raises ``DrillError`` when nothing may be run."""
    session = open_session()
    experiment = _load(experiment_path)
    refuse_unsafe(experiment, session.estate.target)
    try:
        ensure_experiment_is_valid(experiment)
    except ChaosException as error:
        raise BadInput("not performing the experiment", [str(error)]) from error
    events = _Events(journal_path)
    try:
        run_experiment(
            experiment, settings=_SETTINGS, strategy=hypothesis_strategy(experiment), event_handlers=[events]
        )
    finally:
        events.save()
    return _exit_status(events)


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise BadInput("not performing the experiment", [f"{path} cannot be read: {error}"]) from error


def _complete(journal: dict[str, Any]) -> dict[str, Any]:
    """The journal with a status on every run: chaoslib leaves out that of an activity that was torn away."""
    runs = [{"status": "interrupted", **run} for run in journal["run"]]
    rollbacks = [{"status": "interrupted", **run} for run in journal["rollbacks"]]
    return {**journal, "run": runs, "rollbacks": rollbacks}


def _exit_status(events: _Events) -> int:
    journal = events.journal or {}
    before = journal.get("steady_states", {}).get("before")
    if events.interrupted_by_signal:
        return Aborted.exit_status
    if before is not None and not before["steady_state_met"]:
        return NotInjecting.exit_status
    return 0 if journal.get("status") in ("completed", "failed") else Unprovable.exit_status


def _die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the performer dies, so that rollbacks are played and nothing new is injected."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> int:
    """Run in the main thread of a process of its own; sentences go to standard error."""
    parser = argparse.ArgumentParser(prog="drdrill.chaos.executor")
    parser.add_argument("experiment", type=Path)
    parser.add_argument("journal", type=Path)
    arguments = parser.parse_args()
    _die_with_parent()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        return perform(arguments.experiment, arguments.journal)
    except DrillError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
