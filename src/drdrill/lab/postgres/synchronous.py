"""Whether commits wait for a standby: begun, ended, and seen to hold.

A setting reaches the sessions when the server's checkpointer has read it, and the standby counts when its sender has. So
"commits wait" is not believed before the sender says so and the standby holds what was written after that.
"""

from __future__ import annotations

import asyncio

from psycopg import sql

from drdrill.lab.postgres.database import Connection

LOOK_S = 0.01
SETTLED_S = 0.1

_SYNCHRONOUS = (
    "SELECT flush_lsn >= %s::pg_lsn FROM pg_stat_replication WHERE application_name = %s AND sync_state = 'sync'"
)


async def stand_by(connection: Connection, standby: str | None) -> None:
    """Let commits wait for the standby of this name from now on; None: for nobody. Never cancels a wait under way.

    Releasing lets those that wait succeed, as RDS does when its standby is gone. Cancelling one would promise what no standby holds.
    """
    if standby is None:
        await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    else:
        name = sql.Literal(f'"{standby}"')
        await connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(name))
    await connection.execute("SELECT pg_reload_conf()")


async def until_synchronous(connection: Connection, standby: str) -> None:
    """Wait until the standby is the synchronous one, and holds all that was committed while it was not yet."""
    await asyncio.sleep(SETTLED_S)
    await connection.execute("CHECKPOINT")  # the checkpointer reads its settings before it does this
    row = await (await connection.execute("SELECT pg_current_wal_flush_lsn()::text")).fetchone()
    assert row is not None
    while await (await connection.execute(_SYNCHRONOUS, (row[0], standby))).fetchone() != (True,):
        await asyncio.sleep(LOOK_S)
