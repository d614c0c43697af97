"""For whom the primary's commits wait: decided by the control plane, done on the server, and seen to hold."""

from __future__ import annotations

import asyncio

from drdrill.lab.gateway.database import Database
from drdrill.lab.postgres.database import ask
from drdrill.lab.postgres.synchronous import stand_by, until_synchronous

ANSWER_S = 5.0
IN_SYNC_S = 20.0


def standby_name(place: str) -> str:
    """By which name a server in this place is known to those that it follows."""
    return place.replace("-", "_")


def release(database: Database) -> None:
    """Let commits wait for nobody. Raises ``EstateError`` when the server does not answer."""
    asyncio.run(ask(database.dsn, lambda connection: stand_by(connection, None), limit_s=ANSWER_S))


def wait_for(database: Database, place: str) -> None:
    """Let commits wait for the standby in ``place``; returns when it holds every commit. Raises ``EstateError``."""
    name = standby_name(place)
    asyncio.run(ask(database.dsn, lambda connection: stand_by(connection, name), limit_s=ANSWER_S))
    asyncio.run(ask(database.dsn, lambda connection: until_synchronous(connection, name), limit_s=IN_SYNC_S))
