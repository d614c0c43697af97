"""The names that RDS gives to databases: an endpoint keeps its name while the database behind it moves."""

from __future__ import annotations

import zlib

RDS_DOMAIN = "rds.amazonaws.com"


def global_endpoint_host(identifier: str, asked_in: str, account_id: str) -> str:
    """The host name of a global database's writer endpoint, as it is asked for in a region.

    On AWS it is one name, which the private zone of each region's network may answer otherwise; the lab has a name for each region.
    """
    own = zlib.crc32(f"{account_id}{identifier}".encode())
    return f"{identifier}.global-{own:08x}.{asked_in}.global.{RDS_DOMAIN}"


def endpoint_host(identifier: str, region: str, account_id: str) -> str:
    """The host name of a DB instance's endpoint; the middle part is one for each account and region, as with RDS."""
    own = zlib.crc32(f"{account_id}{region}".encode())
    return f"{identifier}.c{own:08x}.{region}.{RDS_DOMAIN}"
