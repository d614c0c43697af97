"""Replication slots: what keeps the log of a primary until its standby has read it."""

from __future__ import annotations

from drdrill.lab.postgres.database import Connection


async def make_slot(connection: Connection, name: str) -> None:
    """A fresh slot that keeps the log from now on; one of that name from an earlier attempt is thrown away.

    One that is being read stays as it is.
    """
    await connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
        (name,),
    )
    await connection.execute(
        "SELECT pg_create_physical_replication_slot(%s, true) "
        "WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %s)",
        (name, name),
    )


async def drop_idle_slots(connection: Connection) -> None:
    """What nobody reads would keep the log of a standby for ever."""
    await connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active")
