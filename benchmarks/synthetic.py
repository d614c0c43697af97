"""A made-up history of any size: two recorders, 30 s of outage, and the last writes before it lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.story import story
from drdrill.model.chain import Chain
from drdrill.model.history import History, Recorder
from drdrill.model.mark import FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED, TRAFFIC_STOPPED, Mark
from drdrill.model.operation import OPERATION, SEQUENCE_BITS, Kind, Outcome, State
from drdrill.model.survivors import ACCOUNT, ENTRY, Survivors

ACCOUNTS = 10_000
LENGTH_NS = 300_000_000_000
OUTAGE_NS = (100_000_000_000, 130_000_000_000)
LOST_FROM_NS = OUTAGE_NS[0] - 500_000_000
JOURNEYS = ("balance", "transfer", "statement")
MIX = np.array([0] * 9 + [1] * 9 + [2] * 2, dtype=np.uint8)
OPENING_PAISE = 1 << 50
BUILT_TOGETHER = 1 << 22


def make(number: int, folder: Path) -> None:
    """Write a history of ``number`` operations into files under ``folder``: ``opened`` finds it there again."""
    shares = (number // 5, number - number // 5)
    pieces = []
    for recorder, share in enumerate(shares, start=1):
        piece = _array(folder, f"operations-{recorder}", share, OPERATION)
        _record(piece, recorder)
        pieces.append(piece)
    entries, accounts = _books(pieces, folder)
    entries.flush()
    np.save(folder / "accounts.npy", accounts)


def opened(folder: Path) -> History:
    """The history that was made in ``folder``, mapped and not read, as ``load_history`` does with a drill's evidence."""
    pieces = [np.memmap(folder / f"operations-{recorder}", dtype=OPERATION, mode="r") for recorder in (1, 2)]
    entries = np.asarray(np.memmap(folder / "entries", dtype=ENTRY, mode="r"))
    told = story("1+ | fault 100..100.05", survivors="1")
    late = 1_000_000_000_000
    circumstances = told.survivors[0].circumstances.model_copy(
        update={"began_ns": late, "ended_ns": late + 1, "writers_stopped_ns": late - 2, "last_deadline_ns": late - 1}
    )
    recorders = tuple(
        Recorder(number=number, name=f"recorder-{number}", closed=True, attempted=len(piece))
        for number, piece in enumerate(pieces, start=1)
    )
    weights = dict.fromkeys(JOURNEYS, 1.0)
    activities = (mark for mark in told.marks if mark.name.startswith("activity."))
    return replace(
        told,
        drill=told.drill.model_copy(update={"traffic": told.drill.traffic.model_copy(update={"journeys": weights})}),
        journeys=JOURNEYS,
        recorders=recorders,
        operations=Chain(tuple(pieces), OPERATION),
        marks=(*_marks(told.drill.disaster), *activities),
        survivors=(Survivors(circumstances, entries, np.load(folder / "accounts.npy")),),
    )


def _array(folder: Path, name: str, length: int, dtype: np.dtype[Any]) -> Any:
    return np.memmap(folder / name, dtype=dtype, mode="w+", shape=(length,))


def _marks(fault: str) -> tuple[Mark, ...]:
    began, ended = OUTAGE_NS[0], LENGTH_NS
    return (
        Mark(name=FAULT_REQUESTED, at_ns=began, source="benchmark", detail={"fault": fault}),
        Mark(name=FAULT_PROVED, at_ns=began + 50_000_000, source="benchmark", detail={"fault": fault}),
        Mark(name=TRAFFIC_STOPPED, at_ns=ended, source="benchmark"),
        Mark(name=FAULT_HEALED, at_ns=ended + 1, source="benchmark", detail={"fault": fault}),
    )


def _record(operations: npt.NDArray[Any], recorder: int) -> None:
    total = len(operations)
    for first in range(0, total, BUILT_TOGETHER):
        part = operations[first : first + BUILT_TOGETHER]
        sequence = np.arange(first, first + len(part), dtype=np.int64)
        due = 1 + recorder + sequence * LENGTH_NS // total
        is_down = (due >= OUTAGE_NS[0]) & (due < OUTAGE_NS[1])
        journey = MIX[sequence % len(MIX)]
        is_write = journey == 1
        part["op_id"] = (recorder << SEQUENCE_BITS) | sequence
        part["journey"], part["kind"] = journey, np.where(is_write, Kind.WRITE, Kind.READ)
        part["state"], part["region"] = State.COMPLETED, 1
        part["outcome"] = np.where(is_down, Outcome.UNKNOWN, Outcome.ACKED)
        part["amount_paise"] = np.where(is_write, 100 + sequence % 900, 0)
        part["debit"] = sequence * 7919 % ACCOUNTS
        part["credit"] = np.where(is_write, (part["debit"] + 1 + sequence % 17) % ACCOUNTS, -1)
        part["due_ns"], part["sent_ns"] = due, due + 200_000
        part["done_ns"] = due + np.where(is_down, 2_000_000_000, 1_000_000 + sequence * 7919 % 9_000_000)
        part["seen_seq"] = np.where(is_write, -1, 1 << 40)


def _books(pieces: list[Any], folder: Path) -> tuple[Any, npt.NDArray[Any]]:
    kept = [np.flatnonzero(_is_kept(piece)) for piece in pieces]
    due = np.concatenate([piece["due_ns"][rows] for piece, rows in zip(pieces, kept, strict=True)])
    order = np.argsort(due, kind="stable")
    del due
    rows = np.concatenate((kept[0], kept[1] + len(pieces[0])))[order]
    del order, kept
    chain = Chain(tuple(pieces), OPERATION)
    entries = _array(folder, "entries", 2 * len(rows), ENTRY)
    accounts = np.zeros(ACCOUNTS, dtype=ACCOUNT)
    accounts["account"] = np.arange(ACCOUNTS)
    accounts["opening_paise"] = accounts["balance_paise"] = OPENING_PAISE
    for first in range(0, len(rows), BUILT_TOGETHER):
        part = entries[2 * first : 2 * (first + BUILT_TOGETHER)]
        _enter(chain.take(rows[first : first + BUILT_TOGETHER]), part, accounts)
        part["entry_id"] = np.arange(2 * first + 1, 2 * first + 1 + len(part))
    return entries, accounts


def _is_kept(piece: Any) -> npt.NDArray[np.bool_]:
    is_kept = (piece["journey"] == 1) & (piece["outcome"] == Outcome.ACKED)
    kept: npt.NDArray[np.bool_] = is_kept & ((piece["due_ns"] < LOST_FROM_NS) | (piece["due_ns"] >= OUTAGE_NS[1]))
    return kept


def _enter(asked: npt.NDArray[Any], part: npt.NDArray[Any], accounts: npt.NDArray[Any]) -> None:
    part["op_id"] = np.repeat(asked["op_id"], 2)
    part["account"] = np.stack((asked["debit"], asked["credit"]), axis=1).ravel()
    part["amount_paise"] = np.stack((-asked["amount_paise"], asked["amount_paise"]), axis=1).ravel()
    order = np.argsort(part["account"].astype(np.uint16), kind="stable")
    count = np.bincount(part["account"], minlength=ACCOUNTS)
    within = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    part["seq"][order] = within + 1 + np.repeat(accounts["seq"], count)
    accounts["seq"] += count
    np.add.at(accounts["balance_paise"], part["account"], part["amount_paise"])
