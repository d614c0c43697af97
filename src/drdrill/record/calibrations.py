"""The shelf of calibrations: where each is kept, which is the newest, and the copy that a drill's evidence holds."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from drdrill.errors import EstateError
from drdrill.model.calibration import Calibration
from drdrill.record.folder import RecordFolder, write_durably

FILE = "calibration.json"
SHELF = "calibration"


def begin_calibration(shelf: Path, identity: str) -> Path:
    """Make the folder of a new calibration. Raises ``EstateError`` when it cannot be made."""
    folder = shelf / identity
    try:
        folder.mkdir(parents=True, mode=0o755)
    except OSError as error:
        raise EstateError(
            f"nothing was calibrated: the result cannot be kept in {folder} ({error.strerror})"
        ) from error
    return folder


def keep_calibration(folder: Path, calibration: Calibration) -> None:
    """Write the result; with it the calibration is on the shelf."""
    write_durably(folder / FILE, calibration.to_json().encode(), mode=0o644)


def latest_calibration(shelf: Path) -> bytes | None:
    """The newest complete calibration on a shelf, as it was written; None when there is none.

    Identities begin with the time at which they were begun, so the last in order is the newest.
    """
    for path in sorted(shelf.glob(f"*/{FILE}"), key=lambda path: path.parent.name, reverse=True):
        content = path.read_bytes()
        if read_calibration(content) is not None:
            return content
    return None


def read_calibration(content: bytes) -> Calibration | None:
    """The calibration in a file, or None when it is none that this version can read."""
    try:
        return Calibration.model_validate_json(content)
    except ValidationError:
        return None


def cite_latest(folder: RecordFolder) -> None:
    """Copy the newest calibration beside the evidence of a drill, so that its report says the same for ever.

    Looked for in ``calibration`` beside the folder in which the evidence lies (``reports/calibration`` for ``reports/evidence``).
    """
    found = latest_calibration(folder.root.parent.parent / SHELF)
    if found is not None:
        write_durably(folder.root / FILE, found, mode=0o644)


def cited_calibration(folder: RecordFolder) -> Calibration | None:
    """The calibration that was copied into the evidence of a drill, if one was."""
    path = folder.root / FILE
    return read_calibration(path.read_bytes()) if path.is_file() else None
