"""What the owner of a lab tells its supervisor, and what the supervisor tells back while the lab opens."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pydantic import Field

from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Estate
from drdrill.model.frozen import Frozen
from drdrill.model.target import Target


class Opening(Frozen):
    """The lab that is wanted, its own directory, and where its logs are kept."""

    target: Target
    settings: LabSettings
    directory: Path
    logs: Path


class Word(Frozen):
    """One line from the supervisor: progress, or the opened estate, or the sentence that says why there is none."""

    at_s: float = 0.0
    progress: str = ""
    estate: Estate | None = None
    error: str = ""
    timings: dict[str, float] = Field(default_factory=dict)


class Phases:
    """When each part of the opening was done, in seconds since the supervisor began; said aloud as it happens."""

    def __init__(self) -> None:
        self._began_ns = time.monotonic_ns()
        self.timings: dict[str, float] = {}

    def done(self, part: str) -> None:
        """This part is done."""
        at_s = round((time.monotonic_ns() - self._began_ns) / 1e9, 3)
        self.timings[part] = at_s
        say(Word(at_s=at_s, progress=part))


def say(word: Word) -> None:
    """Tell the owner; an owner that is gone does not hear it, and is noticed elsewhere."""
    try:
        sys.stdout.write(json.dumps(word.model_dump(mode="json")) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return
