"""An experiment, broken on purpose: the same file, but for the lines that are named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from drdrill.model.judgement import Verdict
from drdrill.pytest_plugin import Rehearsed

HOLD = """  - type: action
    name: the service is back, and holds
    provider:
      type: python
      module: drdrill.chaos.actions
      func: wait_until_restored
"""
"""The step with which every method ends."""


def broken_copy(original: Path, folder: Path, changes: Mapping[str, str]) -> Path:
    """A copy of a file in which each text, found exactly once, is replaced by another."""
    text = original.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{original.name} holds {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    copy = folder / original.name
    copy.write_text(text)
    return copy


def convicted(rehearsed: Rehearsed, finding_id: str) -> str:
    """The sentence of a finding that must have failed."""
    finding = rehearsed.finding(finding_id)
    assert finding.verdict is Verdict.FAIL, f"{finding_id} is {finding.verdict}: {finding.reason}"
    assert rehearsed.exit_status == 1
    return finding.reason
