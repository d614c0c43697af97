"""The process that performs an experiment: Chaos Toolkit in our executor, or whatever command the operator chose.

It is followed by its marks, and ended so that its rollbacks are played. It never judges.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from drdrill.errors import Aborted, EstateError, NotInjecting
from drdrill.model import mark as names
from drdrill.model.drill import Drill
from drdrill.model.mark import Mark
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import read_marks
from drdrill.waiting import wait_until

ROLLBACKS_S = 60.0
"""How long an interrupted experiment may take to play its rollbacks before the performer heals by itself."""

Tell = Callable[[str], None]
"""Says one line of progress to whoever is watching."""


def perform_experiment(
    drill: Drill, command: tuple[str, ...], folder: RecordFolder, estate_is_alive: Callable[[], bool], tell: Tell
) -> None:
    """Run ``command`` on the experiment that the evidence holds, until it ends.

    The words ``{experiment}`` and ``{journal}`` in the command are replaced. Raises ``NotInjecting`` when the disaster was
    never requested, ``EstateError`` when the estate dies under it, ``Aborted`` after the plan's longest duration.
    """
    words = [word.format(experiment=folder.experiment, journal=folder.journal) for word in command]
    tell(f"performing {drill.experiment}")
    environment = os.environ | {"DRDRILL_SESSION": str(folder.session), "DRDRILL_JOURNAL": str(folder.journal)}
    with (folder.logs / "performer.log").open("ab") as log, ExitStack() as ending:
        process = subprocess.Popen(
            words,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=folder.root,
            start_new_session=True,
        )
        ending.callback(_end, process, tell)
        follow = _Follower(folder.marks, tell)

        def ended() -> bool:
            follow.look()
            if not estate_is_alive():
                raise EstateError(
                    "the drill ended early: the lab died under it; its logs are kept in the evidence folder"
                )
            return process.poll() is not None

        limit_s = drill.limits.max_duration_s
        wait_until("the experiment has ended", ended, limit_s=limit_s, every_s=0.1, error=Aborted, seen=follow.last)
    _refuse_if_nothing_was_injected(drill, folder)


def _end(process: subprocess.Popen[bytes], tell: Tell) -> None:
    if process.poll() is not None:
        return
    tell("ending the experiment: its rollbacks are played")
    process.terminate()
    try:
        process.wait(ROLLBACKS_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Follower:
    """Tells every new mark as it is written: what an operator looks at while the drill runs."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._told = len(read_marks(path)[0])
        self._began_ns = time.monotonic_ns()

    def look(self) -> None:
        """Tell what is new."""
        marks, _ = read_marks(self._path)
        for mark in marks[self._told :]:
            if mark.name not in (names.ACTIVITY_ENDED, names.LAG_OBSERVED):
                self._tell(self._line(mark))
        self._told = len(marks)

    def last(self) -> str:
        """The newest mark, for messages."""
        marks, _ = read_marks(self._path)
        return self._line(marks[-1]) if marks else "nothing"

    def _line(self, mark: Mark) -> str:
        what = mark.detail.get("activity") or mark.detail.get("fault") or ""
        return f"{(mark.at_ns - self._began_ns) / 1e9:7.2f} s  {mark.name}  {what}".rstrip()


def _refuse_if_nothing_was_injected(drill: Drill, folder: RecordFolder) -> None:
    marks, _ = read_marks(folder.marks)
    if any(mark.name == names.FAULT_REQUESTED and mark.detail.get("fault") == drill.disaster for mark in marks):
        return
    ended = [mark.detail for mark in marks if mark.name == names.ACTIVITY_ENDED]
    failed = [detail for detail in ended if not detail.get("ok") or detail.get("met") is False]
    seen = "; ".join(str(detail.get("reason") or detail.get("activity")) for detail in failed)
    raise NotInjecting(
        f"not injected: {drill.disaster} was never requested; "
        f"{seen or 'no activity of the experiment reported a reason'}; see logs/performer.log"
    )
