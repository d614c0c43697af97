"""What can go wrong, as a tree; every leaf knows the exit status that measuring.md gives it.

DrillError
  BadInput       a file or an option is wrong; nothing was done                     exit 4
  NotInjecting   the preconditions do not hold; nothing was injected               exit 3
  EstateError    the estate could not be opened, or broke                          exit 3
  Unprovable     something was done, but it cannot be measured or proved           exit 2
  Aborted        an operator or a stop condition ended the drill; it was healed    exit 5
"""

from __future__ import annotations

from collections.abc import Sequence


class DrillError(Exception):
    """Something a person must read: the message begins with the consequence."""

    exit_status = 2


class BadInput(DrillError):
    """A file or an option is wrong. Carries every problem found, not only the first."""

    exit_status = 4

    def __init__(self, consequence: str, problems: Sequence[str]) -> None:
        self.consequence = consequence
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{consequence}:{lines}" if len(self.problems) > 1 else f"{consequence}: {self.problems[0]}")


class NotInjecting(DrillError):
    """A precondition or a safety check does not hold; nothing was injected."""

    exit_status = 3


class EstateError(DrillError):
    """The estate (the lab, or the bank's) could not be opened, or broke while it was used."""

    exit_status = 3


class Unprovable(DrillError):
    """Something was done, but it cannot be measured or proved."""

    exit_status = 2


class Aborted(DrillError):
    """An operator or a stop condition ended the drill; faults were healed, evidence was kept."""

    exit_status = 5
