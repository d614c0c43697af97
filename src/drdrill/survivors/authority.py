"""Which region's books count: the one that AWS names as the writer, and whose database says so itself."""

from __future__ import annotations

import psycopg

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.aws.global_cluster import describe_global_cluster
from drdrill.errors import Unprovable
from drdrill.model.estate import Estate


def authoritative_region(estate: Estate) -> str:
    """The region whose cluster is the writer of the global database, proved by the database itself.

    Asks the recovery region first (the primary may be dark). Raises ``Unprovable`` when nobody can say, or when the
    database there is in recovery.
    """
    region = _writer_region(estate)
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


def _writer_region(estate: Estate) -> str:
    aws = AwsClients(estate)
    seen = []
    for region in (estate.target.recovery_region, estate.target.primary_region):
        try:
            state = describe_global_cluster(aws, region)
        except (*AwsError, Unprovable) as error:
            seen.append(f"{region}: {error}")
            continue
        if state.writer_region is not None:
            return state.writer_region
        seen.append(f"{region}: {state}")
    raise Unprovable(f"no statement on loss is possible: no region says who the writer is ({'; '.join(seen)})")
