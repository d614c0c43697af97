"""Closing a history, and reading it back: the only way from what was recorded to what may be judged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drdrill.errors import BadInput
from drdrill.model.chain import Chain
from drdrill.model.drill import Drill
from drdrill.model.history import History, JournalEntry, Recorder
from drdrill.model.operation import OPERATION
from drdrill.model.reconciliation import ReconciliationRecord
from drdrill.model.survivors import Survivors
from drdrill.record.claims import read_claims
from drdrill.record.columns import columns_problems
from drdrill.record.folder import RecordFolder, write_durably
from drdrill.record.marks import read_marks
from drdrill.record.reconciliation import read_reconciliation
from drdrill.record.survivors import read_survivors

FORMAT = "drdrill-history/1"
_RECORDED = (
    "plan.json",
    "experiment.yaml",
    "marks.jsonl",
    "undo.jsonl",
    "journal.json",
    "settings.json",
    "reconciliation.json",
    "reconciliation.csv",
)


def close_history(folder: RecordFolder) -> str:
    """Digest every file of the record and write ``history.json``; returns the digest of them all (SHA-256, hex)."""
    files = {str(path.relative_to(folder.root)): _fingerprint(path) for path in _record_files(folder)}
    digest = _digest_of(files)
    document = {"format": FORMAT, "digest": digest, "files": files}
    write_durably(folder.history, (json.dumps(document, sort_keys=True, indent=1) + "\n").encode())
    return digest


def load_history(folder: RecordFolder) -> History:
    """Everything that judgement may know, with a sentence for each way in which the record is not whole.

    Raises ``BadInput`` only when there is no plan to judge against.
    """
    problems = _broken_digests(folder)
    drill = _plan(folder)
    operations, recorders, journeys, regions = _operations(folder, drill, problems)
    marks, torn = (
        read_marks(folder.marks) if folder.marks.exists() else ((), ("there are no marks: marks.jsonl is missing",))
    )
    problems.extend(torn)
    problems.extend(columns_problems(folder, drill.drill_id))
    return History(
        drill=drill,
        journeys=journeys,
        regions=regions,
        recorders=recorders,
        operations=operations,
        marks=marks,
        survivors=_survivors(folder, drill, problems),
        journal=_journal(folder.journal, problems),
        reconciliation=_reconciliation(folder, problems),
        problems=tuple(problems),
    )


def history_digest(folder: RecordFolder) -> str | None:
    """The digest that closed the history, or None when it was never closed."""
    try:
        return str(json.loads(folder.history.read_bytes())["digest"])
    except (OSError, ValueError, KeyError):
        return None


def _record_files(folder: RecordFolder) -> list[Path]:
    single = [folder.root / name for name in _RECORDED]
    many = [
        *sorted(folder.operations.glob("*.ops")),
        *sorted(folder.operations.glob("*.json*")),
        *sorted(folder.survivors.iterdir()),
    ]
    return [path for path in [*single, *many] if path.is_file()]


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _digest_of(files: dict[str, dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _broken_digests(folder: RecordFolder) -> list[str]:
    if not folder.history.is_file():
        return ["the history was never closed: history.json is missing"]
    try:
        document = json.loads(folder.history.read_bytes())
        told: dict[str, dict[str, Any]] = document["files"]
        digest = document["digest"]
    except (ValueError, KeyError, TypeError) as error:
        return [f"history.json cannot be read ({error})"]
    found = {str(path.relative_to(folder.root)): path for path in _record_files(folder)}
    problems = [f"{name} is missing from the record" for name in told if name not in found]
    problems += [f"{name} is not part of the closed history" for name in found if name not in told]
    problems += [
        f"{name} is not the file that was recorded (its SHA-256 differs)"
        for name, path in found.items()
        if name in told and _fingerprint(path) != told[name]
    ]
    if _digest_of(told) != digest:
        problems.append("history.json contradicts itself: its digest is not that of its list of files")
    return problems


def _plan(folder: RecordFolder) -> Drill:
    try:
        return Drill.model_validate_json(folder.plan.read_bytes())
    except (OSError, ValidationError) as error:
        raise BadInput("nothing was judged", [f"{folder.plan} is not a plan ({error})"]) from error


def _operations(
    folder: RecordFolder, drill: Drill, problems: list[str]
) -> tuple[Chain, tuple[Recorder, ...], tuple[str, ...], tuple[str, ...]]:
    claims, recorders = read_claims(folder.operations, drill.drill_id, problems)
    names = {(claim.journeys, claim.regions) for claim in claims}
    if len(names) > 1:
        problems.append("the recorders do not agree on the names of journeys and regions")
    journeys, regions = sorted(names)[0] if names else ((), ())
    return Chain(tuple(claim.operations for claim in claims), OPERATION), recorders, journeys, regions


def _survivors(folder: RecordFolder, drill: Drill, problems: list[str]) -> tuple[Survivors, ...]:
    try:
        return read_survivors(folder.survivors, drill_id=drill.drill_id)
    except (OSError, ValueError) as error:
        problems.append(f"the survivors cannot be read: {error}")
        return ()


def _reconciliation(folder: RecordFolder, problems: list[str]) -> ReconciliationRecord | None:
    try:
        return read_reconciliation(folder)
    except (OSError, ValueError) as error:
        problems.append(f"the reconciliation cannot be read: {error}")
        return None


def _journal(path: Path, problems: list[str]) -> tuple[JournalEntry, ...] | None:
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_bytes())
        return tuple(_entries(document))
    except (ValueError, KeyError, TypeError) as error:
        problems.append(f"journal.json cannot be read ({error})")
        return None


def _entries(document: dict[str, Any]) -> list[JournalEntry]:
    runs = [*document["run"], *document["rollbacks"]]
    states = document["steady_states"]
    for state in (states["before"], states["after"], *states["during"]):
        runs += (state or {}).get("probes", [])
    return [_entry(run) for run in runs if run["activity"]["provider"]["type"] == "python"]


def _entry(run: dict[str, Any]) -> JournalEntry:
    provider = run["activity"]["provider"]
    return JournalEntry(activity=f"{provider['module']}.{provider['func']}", ok=run.get("status") == "succeeded")
