"""Where a story is played: the plan, the ledger and the circumstances that a one-line history leaves unsaid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.model.drill import Drill, Limits, Objectives, ServiceLevel, Traffic
from drdrill.model.history import Recorder
from drdrill.model.operation import OPERATION, Kind, Operations, Outcome, State, op_id
from drdrill.model.strategy import Strategy
from drdrill.model.survivors import ACCOUNT, ENTRY, ReadCircumstances, Survivors
from drdrill.model.target import Aurora, FrontDoor, Target

ACCOUNTS = 10
"""Accounts of a story; account n pays account n + 1."""

OPENING_PAISE = 10_000_000
AMOUNT_PAISE = 100
DISASTER = "region-loss"
REGIONS = ("none", "ap-south-1", "ap-south-2")
NEWEST = 1 << 60
"""What a read of a story saw unless it says otherwise: newer than anything."""


def ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return round(seconds * 1e9)


@dataclass(frozen=True)
class Play:
    """One operation of a story. Times are in seconds; ``done_s`` None: no completion was written."""

    recorder: int
    sequence: int
    journey: str
    kind: Kind
    outcome: Outcome
    due_s: float
    sent_s: float | None
    done_s: float | None
    debit: int
    credit: int
    amount_paise: int
    seen_seq: int = -1

    @property
    def op_id(self) -> int:
        """The dense id."""
        return op_id(self.recorder, self.sequence)


@dataclass
class Row:
    """One write among the survivors: which rows of it are there, and how they differ from what was asked."""

    op_id: int
    debit: int
    credit: int
    amount_paise: int
    times: int = 1
    sides: str = "dc"


@dataclass
class Read:
    """One read of the survivors, and what was wrong with it."""

    rows: list[Row] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    at_s: float | None = None


def default_accounts(sequence: int) -> tuple[int, int]:
    """Who pays whom, unless the story says otherwise."""
    return sequence % ACCOUNTS, (sequence + 1) % ACCOUNTS


def operations_of(plays: Iterable[Play], journeys: tuple[str, ...], request_s: float) -> Operations:
    """The record that the recorders of a story would have left, recorder by recorder."""
    ordered = sorted(plays, key=lambda play: play.op_id)
    operations = np.zeros(len(ordered), dtype=OPERATION)
    for slot, play in zip(operations, ordered, strict=True):
        region = 0 if play.outcome is not Outcome.ACKED else 1 if play.due_s < request_s else 2
        slot["op_id"] = play.op_id
        slot["journey"] = journeys.index(play.journey)
        slot["kind"] = play.kind
        slot["state"] = State.INVOKED if play.done_s is None else State.COMPLETED
        slot["outcome"] = play.outcome
        slot["region"] = region
        slot["amount_paise"] = play.amount_paise
        slot["debit"] = play.debit
        slot["credit"] = play.credit
        slot["due_ns"] = ns(play.due_s)
        slot["sent_ns"] = 0 if play.sent_s is None else ns(play.sent_s)
        slot["done_ns"] = 0 if play.done_s is None else ns(play.done_s)
        slot["seen_seq"] = play.seen_seq
    return operations


def survivors_of(read: Read, end_s: float) -> Survivors:
    """The books that hold exactly the rows of ``read``; a valid read unless its faults say otherwise."""
    sequences = dict.fromkeys(range(ACCOUNTS), 0)
    balances = dict.fromkeys(range(ACCOUNTS), OPENING_PAISE)
    entries: list[tuple[int, int, int, int, int]] = []
    for row in read.rows:
        for side in row.sides * row.times:
            account, amount = (row.debit, -row.amount_paise) if side == "d" else (row.credit, row.amount_paise)
            sequences[account] = sequences.get(account, 0) + 1
            balances[account] = balances.get(account, OPENING_PAISE) + amount
            entries.append((len(entries) + 1, row.op_id, account, amount, sequences[account]))
    accounts = [(account, OPENING_PAISE, balances[account], 0, sequences[account]) for account in sorted(balances)]
    rows: npt.NDArray[Any] = np.array(entries, dtype=ENTRY)
    return Survivors(_circumstances(read, end_s), rows, np.array(accounts, dtype=ACCOUNT))


def _circumstances(read: Read, end_s: float) -> ReadCircumstances:
    began_s = end_s + 3 if read.at_s is None else read.at_s
    return ReadCircumstances(
        store="aurora",
        region=REGIONS[2],
        authoritative="elsewhere" not in read.faults,
        began_ns=ns(began_s),
        ended_ns=ns(began_s + 1),
        writers_stopped_ns=ns(began_s + 2 if "early" in read.faults else began_s - 2),
        last_deadline_ns=ns(began_s + 0.5 if "deadline" in read.faults else began_s - 1),
        open_transactions=3 if "open" in read.faults else 0,
        digest_first="a",
        digest_second="b" if "differ" in read.faults else "a",
    )


def recorder_of(
    number: int, plays: Iterable[Play], *, died: bool = False, offset_s: float = 0, bound_s: float = 0
) -> Recorder:
    """The recorder that wrote some of the plays."""
    last = max((play.sequence for play in plays if play.recorder == number), default=-1)
    return Recorder(
        number=number,
        name=f"recorder-{number}",
        closed=not died,
        attempted=last + 1,
        clock_offset_ns=ns(offset_s),
        clock_bound_ns=ns(bound_s),
    )


def drill_of(journeys: tuple[str, ...], objectives: Objectives, level: ServiceLevel) -> Drill:
    """The plan of a story: the loss of Mumbai, with the objectives that it names."""
    return Drill(
        drill_id="story",
        title="A story",
        experiment="story",
        experiment_sha256="0" * 64,
        disaster=DISASTER,
        strategy=Strategy(data="aurora-global", application="warm-standby"),
        objectives=objectives,
        service_level=level,
        traffic=Traffic(journeys=dict.fromkeys(journeys, 1.0), probe_journeys=()),
        limits=Limits(),
        target=_target(),
        seed=1,
    )


def _target() -> Target:
    regions = REGIONS[1:]
    return Target(
        name="story",
        kind="lab",
        account_id="000000000000",
        primary_region=regions[0],
        recovery_region=regions[1],
        front_door=FrontDoor(host="bank.example", port=80, hosted_zone="example"),
        aurora=Aurora(global_cluster="bank", clusters=dict.fromkeys(regions, "bank")),
        load_balancers=dict.fromkeys(regions, "bank"),
        distributions=dict.fromkeys(regions, "bank"),
        release="1",
    )
