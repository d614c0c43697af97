"""Where the evidence of one drill lies: one folder, known names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from drdrill.errors import BadInput, EstateError


@dataclass(frozen=True)
class RecordFolder:
    """The paths inside ``reports/evidence/<drill id>``."""

    root: Path

    @classmethod
    def create(cls, parent: Path, drill_id: str) -> RecordFolder:
        """Make a new folder for one drill. Raises ``EstateError`` when it cannot be written (no room, no right)."""
        folder = cls(parent / drill_id)
        try:
            for path in (folder.root, folder.operations, folder.survivors, folder.logs):
                path.mkdir(parents=True, exist_ok=False, mode=0o700)
        except OSError as error:
            raise EstateError(
                f"no drill was begun: its evidence cannot be kept in {folder.root} ({error.strerror})"
            ) from error
        return folder

    @classmethod
    def existing(cls, root: Path) -> RecordFolder:
        """The folder of a drill that ran. Raises ``BadInput`` when it is none."""
        folder = cls(root)
        if not folder.plan.is_file():
            raise BadInput("nothing was judged", [f"{root} is not an evidence folder (it has no plan.json)"])
        return folder

    @property
    def plan(self) -> Path:
        """The frozen plan, saved before anything else."""
        return self.root / "plan.json"

    @property
    def experiment(self) -> Path:
        """The experiment as run."""
        return self.root / "experiment.yaml"

    @property
    def session(self) -> Path:
        """Addresses and secrets of the open drill; removed when it closes."""
        return self.root / "session.json"

    @property
    def marks(self) -> Path:
        """The drill's own events, one JSON document a line."""
        return self.root / "marks.jsonl"

    @property
    def operations(self) -> Path:
        """One file of slots for each recorder."""
        return self.root / "operations"

    @property
    def survivors(self) -> Path:
        """What was read back, one numbered set of files for each read."""
        return self.root / "survivors"

    @property
    def journal(self) -> Path:
        """The Chaos Toolkit journal."""
        return self.root / "journal.json"

    @property
    def undo(self) -> Path:
        """How every fault is taken back, written before it was injected."""
        return self.root / "undo.jsonl"

    @property
    def history(self) -> Path:
        """The digest of every file of the record; its presence closes the history."""
        return self.root / "history.json"

    @property
    def findings(self) -> Path:
        """The judgement."""
        return self.root / "findings.json"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.root / "report.html"

    @property
    def logs(self) -> Path:
        """What every process said."""
        return self.root / "logs"


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there in full, or not at all, whatever dies."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
