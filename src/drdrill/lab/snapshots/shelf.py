"""The snapshots that lie in one region: a folder each, whole once its ``snapshot.json`` is there."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Literal

from drdrill.errors import EstateError
from drdrill.model.frozen import Frozen

ARCHIVE = "base.tar"
MANIFEST = "backup_manifest"
FILES = (ARCHIVE, MANIFEST)
_RECORD = "snapshot.json"
_DAMAGE = "damaged"
DAMAGED_BYTES = 4096

Status = Literal["creating", "available", "failed"]


class Snapshot(Frozen):
    """One snapshot. ``cut_at`` is the moment of the database that it holds, ``made_at`` when it was asked for here.

    ``bytes_total`` is None until it is known. ``problem`` says why it is ``failed``.
    """

    identifier: str
    status: Status = "creating"
    made_at: datetime
    cut_at: datetime | None = None
    source_region: str = ""
    bytes_done: int = 0
    bytes_total: int | None = None
    problem: str = ""

    @property
    def percent(self) -> int:
        """How much of it is here; 100 only when all is."""
        if self.status == "available":
            return 100
        return 0 if not self.bytes_total else min(99, 100 * self.bytes_done // self.bytes_total)


class Shelf:
    """A region's snapshots on its own disk, which survives the loss of the region's processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, identifier: str) -> Path:
        """The folder of a snapshot. Raises ``EstateError`` for a name that would lead elsewhere."""
        if not identifier.replace("-", "").isalnum():
            raise EstateError(f"nothing was done: {identifier!r} is not a name for a snapshot")
        return self.folder / identifier

    def whole(self) -> list[Snapshot]:
        """Every snapshot that is whole, newest first."""
        records = [Snapshot.model_validate_json(path.read_bytes()) for path in self.folder.glob(f"*/{_RECORD}")]
        return sorted(records, key=lambda snapshot: snapshot.cut_at or snapshot.made_at, reverse=True)

    def halves(self) -> list[str]:
        """Names of folders that were begun and never became whole."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not (path / _RECORD).exists())

    def keep(self, snapshot: Snapshot) -> None:
        """Make a snapshot whole; its files must be there."""
        making = self.place(snapshot.identifier) / "making"
        making.write_text(snapshot.model_dump_json())
        making.rename(making.with_name(_RECORD))

    def remove(self, identifier: str) -> None:
        """Remove a snapshot; one that is not there is removed already."""
        shutil.rmtree(self.place(identifier), ignore_errors=True)

    def damage(self, identifier: str) -> None:
        """Turn the bits of a page among the tables, as a failing disk would; twice is as good as once."""
        if not self.is_damaged(identifier):
            self._turn(identifier)
            (self.place(identifier) / _DAMAGE).touch()

    def mend(self, identifier: str) -> None:
        """Take ``damage`` back; nothing is done to a snapshot that is sound, or gone."""
        if self.is_damaged(identifier):
            self._turn(identifier)
            (self.place(identifier) / _DAMAGE).unlink()

    def is_damaged(self, identifier: str) -> bool:
        """Whether ``damage`` is in force."""
        return (self.place(identifier) / _DAMAGE).exists()

    def _turn(self, identifier: str) -> None:
        archive = self.place(identifier) / ARCHIVE
        if not archive.is_file():
            raise EstateError(f"nothing was damaged: there is no snapshot {identifier} in {self.folder.name}")
        with archive.open("r+b") as file:
            # Among the tables, which come first: behind them lies the log, whose last part nobody may ever read.
            at = min(1 << 20, archive.stat().st_size // 4)
            file.seek(at)
            turned = bytes(byte ^ 0xFF for byte in file.read(DAMAGED_BYTES))
            file.seek(at)
            file.write(turned)
