"""Which region's books count: the one that AWS names as the writer, and whose database says so itself."""

from __future__ import annotations

import psycopg

from drdrill.aws.clients import AwsClients
from drdrill.aws.writer import agreed_writer
from drdrill.errors import Unprovable
from drdrill.model.estate import Estate


def authoritative_region(estate: Estate) -> str:
    """The region that writes as the strategy's control plane says, proved by the database itself.

    Asks the recovery region first (the primary may be dark). Raises ``Unprovable`` when nobody can say, or when the
    database there is in recovery.
    """
    try:
        region = agreed_writer(AwsClients(estate))
    except Unprovable as error:
        raise Unprovable(f"no statement on loss is possible: {error}") from error
    try:
        with psycopg.connect(estate.ledgers[region], autocommit=True, connect_timeout=5) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    except psycopg.Error as error:
        raise Unprovable(
            f"no statement on loss is possible: the writer in {region} does not answer ({error})"
        ) from error
    if row is None or row[0]:
        raise Unprovable(
            f"no statement on loss is possible: {region} is named as the writer, but its database is in recovery"
        )
    return region
