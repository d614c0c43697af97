"""What every step of a runbook works with: the open estate, the AWS API, the book of marks, and the plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drdrill.aws.clients import AwsClients
from drdrill.model.drill import Drill
from drdrill.model.estate import Session
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import MarkBook


@dataclass(frozen=True)
class Scene:
    """One open drill as its runbooks see it."""

    session: Session
    drill: Drill
    aws: AwsClients
    marks: MarkBook
    folder: RecordFolder

    @classmethod
    def of(cls, session: Session, drill: Drill) -> Scene:
        """The scene of an open session."""
        folder = RecordFolder(Path(session.evidence_dir))
        return cls(session, drill, AwsClients(session.estate, read_s=3.0), MarkBook(folder.marks), folder)
