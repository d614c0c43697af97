"""Whose operations are whose: a record that cannot be read, and two records that claim one recorder's number.

What such a recorder saw is missing. It may have been an ack or the sending of a payment, so nothing passes without it, and a payment
of its that the bank holds is not a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drdrill.errors import BadInput
from drdrill.model.history import Recorder
from drdrill.model.operation import Operations
from drdrill.record.drill_times import on_the_drills_clock
from drdrill.record.operations import read_operations, recorder_of_unread


@dataclass(frozen=True)
class Claim:
    """One record that was read: what it says that this recorder did, with its names of journeys and regions."""

    path: Path
    operations: Operations
    recorder: Recorder
    journeys: tuple[str, ...]
    regions: tuple[str, ...]


def read_claims(
    operations: Path, drill_id: str, problems: list[str], *, mapped: bool = True
) -> tuple[list[Claim], tuple[Recorder, ...]]:
    """The records in a folder that may be judged, and every recorder, those without a usable record included.

    Times are on the drill's clock, but for a constant offset that the recorder may state. What is amiss without making a
    record unusable goes to ``problems``. ``mapped`` as in ``read_operations``.
    """
    claims: list[Claim] = []
    unread: list[Recorder] = []
    for path in sorted(operations.glob("*.ops")):
        try:
            rows, recorder, journeys, regions, found = read_operations(path, drill_id=drill_id, mapped=mapped)
        except (BadInput, OSError, ValueError) as error:
            unread.append(recorder_of_unread(path, error))
            continue
        problems.extend(found)
        rows, recorder = on_the_drills_clock(path, drill_id, rows, recorder, problems)
        claims.append(Claim(path, rows, recorder, journeys, regions))
    return _undisputed(claims, unread, problems)


def _undisputed(
    claims: Sequence[Claim], unread: Iterable[Recorder], problems: list[str]
) -> tuple[list[Claim], tuple[Recorder, ...]]:
    """Of two records with one number none can be believed; a record that could not be read takes nothing from one that was."""
    by_number: dict[int, list[Claim]] = {}
    for claim in claims:
        by_number.setdefault(claim.recorder.number, []).append(claim)
    single = [alike[0] for alike in by_number.values() if len(alike) == 1]
    recorders = {claim.recorder.number: claim.recorder for claim in single}
    recorders |= {number: _disputed(alike) for number, alike in by_number.items() if len(alike) > 1}
    for recorder in unread:
        known = recorders.get(recorder.number)
        if known is None:
            recorders[recorder.number] = recorder
        elif known.unusable:
            recorders[recorder.number] = known.model_copy(update={"unusable": f"{known.unusable}; {recorder.unusable}"})
        else:
            problems.append(recorder.unusable)
    return single, tuple(recorders.values())


def _disputed(alike: Sequence[Claim]) -> Recorder:
    number = alike[0].recorder.number
    names = " and ".join(claim.path.name for claim in alike)
    why = f"{names} both claim recorder number {number}, so what they hold is not judged"
    return Recorder(number=number, name=alike[0].recorder.name, closed=False, attempted=0, unusable=why)
