"""A whole evidence folder of a drill that passes, written as the recorders write it: to be spoilt, one file at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.operation import State
from drdrill.record.folder import RecordFolder
from drdrill.record.history import close_history
from drdrill.record.marks import MarkBook
from drdrill.record.operations import OperationRecorder
from drdrill.record.survivors import save_survivors

STORY = (
    "transfer every 0.05: 80..100+~0.01 100..103?~2 103..130+~0.01 | fault 100..100.05 | survivors all"
    " | activities bank.lose | journal bank.lose | objective rto=60 rpo=10 loss=0"
)


def evidence(parent: Path, line: str = STORY) -> RecordFolder:
    """The story as a folder that was closed."""
    told = story(line)
    folder = RecordFolder.create(parent, told.drill.drill_id)
    folder.plan.write_text(told.drill.model_dump_json())
    folder.experiment.write_text("{}\n")
    times = iter([mark.at_ns for mark in sorted(told.marks, key=lambda mark: mark.at_ns)])
    book = MarkBook(folder.marks, now_ns=lambda: next(times))
    for mark in sorted(told.marks, key=lambda mark: mark.at_ns):
        book.add(mark.name, mark.source, **mark.detail)
    write_operations(folder, told)
    save(folder, told)
    folder.journal.write_text(json.dumps(_journal(told)))
    close_history(folder)
    return folder


def write_operations(
    folder: RecordFolder, told: History, *, name: str = "prober", number: int = 1, drill_id: str | None = None
) -> Path:
    """The operations of the story as the record of one recorder."""
    path = folder.operations / f"{name}.ops"
    identity = told.drill.drill_id if drill_id is None else drill_id
    with OperationRecorder.create(path, number, name, told.journeys, told.regions, drill_id=identity) as recorder:
        for row in told.operations.tolist():
            _, journey, kind, state, outcome, region, failure, status, paise, debit, credit, due, sent, done, seen = row
            op_id = recorder.invoke(journey, kind, paise, debit, credit, due, sent)
            if state == State.COMPLETED:
                recorder.complete(op_id, outcome, done, status, failure, region, seen)
    return path


def save(folder: RecordFolder, told: History) -> None:
    """The survivors of the story; a story counts its operations from 1, a recorder from 0."""
    (read,) = told.survivors
    entries = np.array(read.entries)
    entries["op_id"] -= 1
    save_survivors(folder.survivors, 1, replace(read, entries=entries), drill_id=told.drill.drill_id)


def _journal(told: History) -> dict[str, object]:
    runs = [
        {
            "activity": {
                "provider": dict(zip(("type", "module", "func"), ("python", *entry.activity.split(".")), strict=True))
            },
            "status": "succeeded" if entry.ok else "failed",
        }
        for entry in told.journal or ()
    ]
    return {"run": runs, "rollbacks": [], "steady_states": {"before": None, "after": None, "during": []}}
