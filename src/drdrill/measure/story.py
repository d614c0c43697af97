r"""A language in which a whole history fits on one line; used by tests and by the documentation.

A story is a list of sections divided by ``|``. The first holds single operations, and so does no other:

    1+ 2+ 3? 4-                 operation 1 acked, 2 acked, 3 unknown, 4 refused (``x`` unsent, ``!`` cut off in flight)
    2:7+                        sequence 7 of recorder 2 (1 when nothing is said)
    2+@98.55                    due and sent at 98.55 s; done 10 ms later (2 s later when unknown)
    2+@98.5..98.55              due and sent at 98.5 s, done at 98.55 s;  ``@98.4~98.5..98.55`` was due at 98.4 s
    2+#3>4=500                  a transfer of 500 paise from account 3 to 4 (100 paise from n to n + 1 when nothing is said)
    5+@101#3=7                  a read of account 3 that saw its sequence 7 (``#3`` alone: it saw the newest)

Without ``@`` operation n is due at n tenths of a second. The other sections, in any order:

    transfer every 0.05: 90..100+ 100..131? 131..150+/25?~0.3
                                a journey with an operation every 50 ms: acked from 90 s on and before 100 s, unknown, then
                                acked but each 25th unknown, done 0.3 s after being due. ``transfer`` writes, others read.
    fault 100..100.05           the disaster requested and proved (this is the default); ``fault 100``: never proved;
    fault lag 90..90.1          another fault; ``no fault``: none at all
    healed 150 · healed lag 95 · refused 150 · unhealed
    detected 103 · declared 104 · writable 105 · routed 106 · failback 130 · asked 135 · yielded 135.1 · stopped 140 · aborted 120
    lag 0.4@99                  the lag metric said 0.4 s at 99 s · lag 0.4@99 old 0.5: a value half a second old
    survivors 1 3*2 4=500 5#7>8 6d 9 @160
                                a read at 160 s: of 1 both rows, 3 executed twice, 4 altered to 500 paise, 5 to other accounts,
                                of 6 only the debit (``c``: the credit), and 9, whatever that is. Several sections: several reads.
    survivors all but 2 @98.5..100
                                every acked write but 2 and those acked from 98.5 s on and before 100 s
    survivors all !early        not valid: ``!early !deadline !open !differ !elsewhere``
    recorder 2 died offset -0.5 bound 0.01
    journal lose fail! · journal none · activities lose fail!
                                what the journal and the marks tell of activities (``!``: it ended badly)
    objective rto=30 rpo=1 loss=0 split=0 relapses=0 below=5 share=0.01
    level window=1 share=0.99 latency=1 hold=10
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from drdrill.errors import BadInput
from drdrill.measure.stage import (
    AMOUNT_PAISE,
    DISASTER,
    NEWEST,
    REGIONS,
    Play,
    Read,
    Row,
    default_accounts,
    drill_of,
    ns,
    operations_of,
    recorder_of,
    survivors_of,
)
from drdrill.model import mark as names
from drdrill.model.drill import Objectives, ServiceLevel
from drdrill.model.history import History, JournalEntry
from drdrill.model.mark import Mark
from drdrill.model.operation import Kind, Outcome, op_id

_OUTCOMES = {
    "+": Outcome.ACKED,
    "?": Outcome.UNKNOWN,
    "-": Outcome.REFUSED,
    "x": Outcome.UNSENT,
    "!": Outcome.UNKNOWN,
}
_WRITES = "transfer"
_READS = "balance"
_N = r"\d+(?:\.\d+)?"
_OPERATION = re.compile(
    rf"(?:(?P<recorder>\d+):)?(?P<sequence>\d+)(?P<outcome>[-+?x!])"
    rf"(?:@(?:(?P<due>{_N})~)?(?P<sent>{_N})(?:\.\.(?P<done>{_N}))?)?"
    rf"(?:#(?P<debit>\d+)(?:>(?P<credit>\d+))?)?(?:=(?P<value>\d+))?$"
)
_RANGE = re.compile(
    rf"(?P<began>{_N})\.\.(?P<ended>{_N})(?P<outcome>[-+?x!])(?:/(?P<each>\d+)(?P<other>[-+?x!]))?(?:~(?P<took>{_N}))?$"
)
_SURVIVOR = re.compile(
    r"(?:(?P<recorder>\d+):)?(?P<sequence>\d+)(?:\*(?P<times>\d+))?(?:#(?P<debit>\d+)>(?P<credit>\d+))?"
    r"(?:=(?P<paise>\d+))?(?P<side>[dc])?$"
)
_SPAN = re.compile(rf"(?P<began>{_N})(?:\.\.(?P<ended>{_N}))?$")
_MARKS = {
    "detected": names.OUTAGE_DETECTED,
    "declared": names.RECOVERY_DECLARED,
    "writable": names.DATABASE_WRITABLE,
    "routed": names.TRAFFIC_ROUTED,
    "failback": names.FAILBACK_STARTED,
    "asked": names.FAILBACK_REQUESTED,
    "yielded": names.FAILBACK_PROVED,
    "stopped": names.TRAFFIC_STOPPED,
    "aborted": names.DRILL_ABORTED,
}
_OBJECTIVES = {
    "rto": "rto_s",
    "rpo": "rpo_s",
    "loss": "loss_operations",
    "split": "split_brain_operations",
    "relapses": "relapses",
    "below": "seconds_below_s",
    "share": "failed_share",
}
_LEVEL = {"window": "window_s", "share": "good_share", "latency": "latency_s", "hold": "hold_s"}


def story(line: str, *, survivors: str | None = None) -> History:
    """The history that ``line`` tells; ``survivors`` is the same as a section of that name, put last.

    Raises ``BadInput`` for a line that is not in the language.
    """
    teller = _Teller()
    first, *sections = [section.strip() for section in line.split("|")]
    sections += [f"survivors {survivors}"] if survivors is not None else []
    if " every " in first or first.split(" ")[0] in _Teller.WORDS:
        first, sections = "", [first, *sections]
    for word in first.split():
        teller.operation(word)
    # Survivors refer to operations and to times, so they are told last, whatever their place on the line.
    for section in sorted(filter(None, sections), key=lambda section: section.startswith("survivors")):
        teller.section(section)
    return teller.history()


def _match(pattern: re.Pattern[str], word: str) -> dict[str, str | None]:
    found = pattern.match(word)
    if found is None:
        raise BadInput("the story cannot be told", [f"{word!r} is not a word of the language"])
    return found.groupdict()


def _number(text: str | None, otherwise: float) -> float:
    return otherwise if text is None else float(text)


def _settings(words: Iterable[str], known: dict[str, str]) -> dict[str, Any]:
    pairs = (word.partition("=") for word in words)
    return {known[name]: float(value) for name, _, value in pairs}


class _Teller:
    WORDS = frozenset(
        (
            *_MARKS,
            *[
                "fault",
                "no",
                "healed",
                "refused",
                "unhealed",
                "lag",
                "survivors",
                "recorder",
                "journal",
                "activities",
                "objective",
                "level",
            ],
        )
    )

    def __init__(self) -> None:
        self._plays: list[Play] = []
        self._last = 0
        self._marks: list[Mark] = []
        self._faults: dict[str, tuple[float, float | None]] = {DISASTER: (100.0, 100.05)}
        self._settled: set[str] = set()
        self._reads: list[Read] = []
        self._recorders: dict[int, dict[str, Any]] = {}
        self._journal: list[JournalEntry] | None = [JournalEntry(activity="lose", ok=True)]
        self._activities = [JournalEntry(activity="lose", ok=True)]
        self._objectives: dict[str, Any] = {}
        self._level: dict[str, Any] = {}

    # Operations

    def operation(self, word: str) -> None:
        told = _match(_OPERATION, word)
        is_read = told["debit"] is not None and told["credit"] is None
        sequence = int(told["sequence"] or 0)
        self._last = max(self._last, sequence)
        sent_s = _number(told["sent"], sequence / 10)
        debit, credit = default_accounts(sequence)
        value = None if told["value"] is None else int(told["value"])
        self._plays.append(
            self._play(
                recorder=int(told["recorder"] or 1),
                sequence=sequence,
                journey=_READS if is_read else _WRITES,
                symbol=str(told["outcome"]),
                due_s=_number(told["due"], sent_s),
                sent_s=sent_s,
                done_s=None if told["done"] is None else float(told["done"]),
                accounts=(int(told["debit"] or debit), -1 if is_read else int(told["credit"] or credit)),
                value=value,
            )
        )

    def _play(
        self,
        *,
        recorder: int,
        sequence: int,
        journey: str,
        symbol: str,
        due_s: float,
        sent_s: float,
        done_s: float | None,
        accounts: tuple[int, int],
        value: int | None = None,
    ) -> Play:
        outcome, is_write = _OUTCOMES[symbol], journey == _WRITES
        took_s = 2.0 if outcome is Outcome.UNKNOWN else 0.01
        seen = NEWEST if value is None and outcome is Outcome.ACKED else -1 if value is None else value
        return Play(
            recorder=recorder,
            sequence=sequence,
            journey=journey,
            kind=Kind.WRITE if is_write else Kind.READ,
            outcome=outcome,
            due_s=due_s,
            sent_s=None if outcome is Outcome.UNSENT else sent_s,
            done_s=None if symbol == "!" else sent_s + took_s if done_s is None else done_s,
            debit=accounts[0],
            credit=accounts[1] if is_write else -1,
            amount_paise=(value or AMOUNT_PAISE) if is_write else 0,
            seen_seq=-1 if is_write else seen,
        )

    def _every(self, journey: str, spacing_s: float, ranges: Iterable[str]) -> None:
        for word in ranges:
            told = _match(_RANGE, word)
            began_s, ended_s = float(told["began"] or 0), float(told["ended"] or 0)
            for number in range(round((ended_s - began_s) / spacing_s)):
                is_other = told["each"] is not None and number % int(told["each"]) == int(told["each"]) - 1
                self._repeat(journey, began_s + number * spacing_s, told, is_other)

    def _repeat(self, journey: str, due_s: float, told: dict[str, str | None], is_other: bool) -> None:
        self._last += 1
        sequence = self._last
        took_s = None if told["took"] is None else float(told["took"])
        self._plays.append(
            self._play(
                recorder=1,
                sequence=sequence,
                journey=journey,
                symbol=str(told["other"] if is_other else told["outcome"]),
                due_s=due_s,
                sent_s=due_s,
                done_s=None if took_s is None else due_s + took_s,
                accounts=default_accounts(sequence),
            )
        )

    # Sections

    def section(self, text: str) -> None:
        word, *rest = text.split()
        if rest and rest[0] == "every":
            self._every(word, float(rest[1].rstrip(":")), rest[2:])
        elif word in _MARKS:
            self._mark(_MARKS[word], float(rest[0]))
        elif word in self.WORDS:
            getattr(self, f"tell_{word}")(rest)
        else:
            raise BadInput("the story cannot be told", [f"no section begins with {word!r}"])

    def _mark(self, name: str, at_s: float, **detail: Any) -> None:
        self._marks.append(Mark(name=name, at_ns=ns(at_s), source="story", detail=detail))

    def tell_fault(self, rest: list[str]) -> None:
        told = _match(_SPAN, rest[-1])
        name = rest[0] if len(rest) > 1 else DISASTER
        self._faults[name] = (float(told["began"] or 0), None if told["ended"] is None else float(told["ended"]))

    def tell_no(self, rest: list[str]) -> None:
        del self._faults[{"fault": DISASTER}[rest[0]]]

    def tell_healed(self, rest: list[str]) -> None:
        self._settle(names.FAULT_HEALED, rest)

    def tell_refused(self, rest: list[str]) -> None:
        self._settle(names.HEAL_REFUSED, rest, reason="the fence cannot be proved")

    def _settle(self, name: str, rest: list[str], **detail: Any) -> None:
        fault = rest[0] if len(rest) > 1 else DISASTER
        self._settled.add(fault)
        self._mark(name, float(rest[-1]), fault=fault, **detail)

    def tell_unhealed(self, rest: list[str]) -> None:
        self._settled.update(rest or self._faults)

    def tell_lag(self, rest: list[str]) -> None:
        lag_s, _, at_s = rest[0].partition("@")
        age = {"age_s": float(rest[2])} if rest[1:2] == ["old"] else {}
        self._mark(names.LAG_OBSERVED, float(at_s), lag_s=float(lag_s), metric="AuroraGlobalDBRPOLag", **age)

    def tell_recorder(self, rest: list[str]) -> None:
        number, *words = rest
        settings: dict[str, Any] = {"died": "died" in words}
        for name in ("offset", "bound"):
            if name in words:
                settings[f"{name}_s"] = float(words[words.index(name) + 1])
        self._recorders[int(number)] = settings

    def tell_journal(self, rest: list[str]) -> None:
        self._journal = None if rest == ["none"] else _activities(rest)

    def tell_activities(self, rest: list[str]) -> None:
        self._activities = _activities(rest)

    def tell_objective(self, rest: list[str]) -> None:
        self._objectives |= _settings(rest, _OBJECTIVES)

    def tell_level(self, rest: list[str]) -> None:
        self._level |= _settings(rest, _LEVEL)

    # Survivors

    def tell_survivors(self, rest: list[str]) -> None:
        words = [word for word in rest if word[0] not in "!@"]
        read = Read(faults={word[1:] for word in rest if word[0] == "!"})
        read.at_s = next((float(word[1:]) for word in rest if word[0] == "@" and ".." not in word), None)
        if words[:1] == ["all"]:
            but = [word for word in rest[rest.index("but") + 1 :] if word[0] != "!"] if "but" in rest else []
            read.rows = self._all_but(but)
        else:
            read.rows = [self._survivor(word) for word in words]
        self._reads.append(read)

    def _all_but(self, words: list[str]) -> list[Row]:
        gone = {op_id(*_identity(_match(_SURVIVOR, word))) for word in words if word[0] != "@"}
        spans = [tuple(float(edge) for edge in word[1:].split("..")) for word in words if word[0] == "@"]
        acked = [play for play in self._plays if play.kind is Kind.WRITE and play.outcome is Outcome.ACKED]
        kept = [
            play
            for play in sorted(acked, key=lambda play: (play.done_s, play.op_id))
            if play.op_id not in gone and not any(low <= (play.done_s or 0) < high for low, high in spans)
        ]
        return [Row(play.op_id, play.debit, play.credit, play.amount_paise) for play in kept]

    def _survivor(self, word: str) -> Row:
        told = _match(_SURVIVOR, word)
        recorder, sequence = _identity(told)
        identity = op_id(recorder, sequence)
        asked = next((play for play in self._plays if play.op_id == identity), None)
        debit, credit = default_accounts(sequence) if asked is None else (asked.debit, asked.credit)
        paise = (asked.amount_paise if asked is not None else 0) or AMOUNT_PAISE
        return Row(
            op_id=identity,
            debit=int(told["debit"] or debit),
            credit=int(told["credit"] or max(credit, 0)),
            amount_paise=int(told["paise"] or paise),
            times=int(told["times"] or 1),
            sides=told["side"] or "dc",
        )

    # The whole

    def history(self) -> History:
        journeys = tuple(dict.fromkeys(play.journey for play in self._plays))
        objectives = Objectives(**self._objectives)
        request_s = self._faults.get(DISASTER, (0.0, None))[0]
        end_s = self._end()
        numbers = sorted({play.recorder for play in self._plays} | set(self._recorders))
        return History(
            drill=drill_of(journeys, objectives, ServiceLevel(**self._level)),
            journeys=journeys,
            regions=REGIONS,
            recorders=tuple(recorder_of(number, self._plays, **self._recorders.get(number, {})) for number in numbers),
            operations=operations_of(self._plays, journeys, request_s),
            marks=tuple(self._all_marks(end_s)),
            survivors=tuple(survivors_of(read, end_s) for read in self._reads),
            journal=None if self._journal is None else tuple(self._journal),
        )

    def _end(self) -> float:
        moments = [play.done_s or play.sent_s or play.due_s for play in self._plays]
        return max(
            [*moments, *(edge for fault in self._faults.values() for edge in fault if edge is not None)], default=0
        )

    def _all_marks(self, end_s: float) -> Iterable[Mark]:
        healed_s = max([end_s, *(mark.at_ns / 1e9 for mark in self._marks if mark.name == names.TRAFFIC_STOPPED)]) + 2
        for fault, (requested_s, proved_s) in self._faults.items():
            self._mark(names.FAULT_REQUESTED, requested_s, fault=fault)
            if proved_s is not None:
                self._mark(names.FAULT_PROVED, proved_s, fault=fault)
            if fault not in self._settled:
                self._mark(names.FAULT_HEALED, healed_s, fault=fault)
        if names.TRAFFIC_STOPPED not in {mark.name for mark in self._marks}:
            last_due_s = max((play.due_s for play in self._plays), default=0)
            self._mark(names.TRAFFIC_STOPPED, max(last_due_s, self._faults.get(DISASTER, (0,))[0]) + 0.001)
        for entry in self._activities:
            self._mark(names.ACTIVITY_STARTED, 99.9, activity=entry.activity)
            self._mark(names.ACTIVITY_ENDED, 100.1, activity=entry.activity, ok=entry.ok)
        return self._marks


def _identity(told: dict[str, str | None]) -> tuple[int, int]:
    return int(told["recorder"] or 1), int(told["sequence"] or 0)


def _activities(words: list[str]) -> list[JournalEntry]:
    return [JournalEntry(activity=word.rstrip("!"), ok=not word.endswith("!")) for word in words]
