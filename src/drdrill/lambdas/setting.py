"""What a function is told by its environment, and the AWS clients that follow from it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

GLOBAL = "global"
_GLOBAL_SIGNING_REGION = "us-east-1"
ENDPOINTS = "AWS_ENDPOINTS"
"""Only for an estate whose API is not AWS's own, such as a lab: a JSON object from region (and ``global``) to URL."""


@dataclass(frozen=True)
class Place:
    """The two regions, the table that both functions share, and the database that is kept.

    ``database`` is the identifier of the DB instance in the primary region.
    """

    primary_region: str
    recovery_region: str
    table: str
    database: str

    @classmethod
    def from_environment(cls) -> Place:
        """Raises ``ValueError`` with the name of whatever is missing."""
        return cls(required("PRIMARY_REGION"), required("RECOVERY_REGION"), required("TABLE"), required("DB_INSTANCE"))


def required(name: str) -> str:
    """A variable of the environment. Raises ``ValueError`` when it is missing or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise ValueError(f"nothing was done: the environment variable {name} is missing")
    return value


def optional(name: str, otherwise: str) -> str:
    """A variable of the environment, or what it is otherwise."""
    return os.environ.get(name) or otherwise


def client(service: str, region: str, *, timeout_s: float = 10.0, attempts: int = 2) -> Any:
    """A client of one service in a region (``global`` for Route 53), made once and kept while the function is warm.

    Every attempt ends after ``timeout_s``: a region that is gone must cost a bounded time.
    """
    return _client(service, region, timeout_s, attempts, os.environ.get(ENDPOINTS, ""))


@cache
def _client(service: str, region: str, timeout_s: float, attempts: int, endpoints: str) -> Any:
    # An estate that names its endpoints names all of them: none may fall back to the real AWS.
    url = json.loads(endpoints)[region] if endpoints else None
    config = Config(
        connect_timeout=timeout_s,
        read_timeout=timeout_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    signed_for = _GLOBAL_SIGNING_REGION if region == GLOBAL else region
    session: Any = boto3.Session(region_name=signed_for)
    return session.client(service, endpoint_url=url, config=config)


def code_of(error: Any) -> str:
    """The AWS code inside a ``ClientError``."""
    return str(error.response.get("Error", {}).get("Code", ""))
