"""Positions in MariaDB's log as numbers: a GTID is ``domain-server-sequence``, and a position has one for each domain."""

from __future__ import annotations

from drdrill.errors import Unprovable

Position = dict[int, int]
"""Domain to the sequence number of the last transaction in it. Only right while one server at a time writes in a domain."""


def position_of(text: str) -> Position:
    """``0-1-105,1-1-7`` as {0: 105, 1: 7}. Raises ``Unprovable`` when it is no GTID position."""
    try:
        parts = [[int(number) for number in gtid.split("-")] for gtid in text.split(",") if gtid.strip()]
        return {domain: sequence for domain, _server, sequence in parts}
    except ValueError as error:
        raise Unprovable(f"{text!r} is no GTID position of MariaDB") from error


def transactions_missing(position: Position, wanted: Position) -> int:
    """How many transactions of ``wanted`` come after ``position``."""
    return sum(max(0, sequence - position.get(domain, 0)) for domain, sequence in wanted.items())


def written_by(state: str) -> dict[tuple[int, int], int]:
    """``@@gtid_binlog_state``, which has the last sequence of every server in every domain, as {(domain, server): sequence}.

    Raises ``Unprovable`` when it is none.
    """
    try:
        parts = [[int(number) for number in gtid.split("-")] for gtid in state.split(",") if gtid.strip()]
        return {(domain, server): sequence for domain, server, sequence in parts}
    except ValueError as error:
        raise Unprovable(f"{state!r} is no GTID state of MariaDB") from error


def never_received(old_state: str, new_state: str) -> tuple[str, ...]:
    """The last GTID of each server that the old primary holds, and that never reached the new one: histories that parted."""
    new = written_by(new_state)
    return tuple(
        f"{domain}-{server}-{sequence}"
        for (domain, server), sequence in sorted(written_by(old_state).items())
        if sequence > new.get((domain, server), 0)
    )
