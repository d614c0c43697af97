"""Looking at the primary region from several places, because one place that sees nothing may itself be cut off."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from .setting import GLOBAL, client

State = Literal["up", "down", "not known"]
_OWN_FAILURE = 500


@dataclass(frozen=True)
class Seen:
    """What one look saw; ``not known`` when the one who was asked cannot say."""

    name: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Vantage:
    """What is looked at. ``health_check`` is the Route 53 health check on the primary; one look ends after ``timeout_s``."""

    primary_region: str
    database: str
    front_door: str
    health_check: str
    timeout_s: float


def look_everywhere(vantage: Vantage, names: Sequence[str]) -> list[Seen]:
    """Every named look, all at the same time. Raises ``ValueError`` for a name that there is not."""
    unknown = [name for name in names if name not in LOOKS]
    if unknown or not names:
        raise ValueError(f"nothing was done: LOOKS names {unknown or 'nothing'}; there are {', '.join(LOOKS)}")
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(lambda name: LOOKS[name](vantage), names))


def _front_door(vantage: Vantage) -> Seen:
    """The primary's own entrance, past the name that may already lead elsewhere."""
    try:
        with urllib.request.urlopen(vantage.front_door, timeout=vantage.timeout_s) as answer:  # noqa: S310 (an address of the bank's own)
            return Seen("front-door", "up", f"answered {answer.status}")
    except urllib.error.HTTPError as error:
        with error:
            return Seen("front-door", "down", f"answered {error.code}")
    except OSError as error:
        return Seen("front-door", "down", f"did not answer ({error})")


def _region_api(vantage: Vantage) -> Seen:
    """The region's control plane; a refusal is an answer, too, and its own failure (5xx) is none."""
    rds = client("rds", vantage.primary_region, timeout_s=vantage.timeout_s, attempts=1)
    try:
        found = rds.describe_db_instances(DBInstanceIdentifier=vantage.database)["DBInstances"]
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _OWN_FAILURE:
            return Seen("region-api", "down", f"failed ({error})")
        return Seen("region-api", "up", f"refused ({error})")
    except BotoCoreError as error:
        return Seen("region-api", "down", f"did not answer ({error})")
    return Seen("region-api", "up", f"says that {vantage.database} is {found[0].get('DBInstanceStatus')}")


def _checkers(vantage: Vantage) -> Seen:
    """The second vantage: Route 53's health checkers stand in other regions than we do."""
    route53 = client("route53", GLOBAL, timeout_s=vantage.timeout_s, attempts=1)
    try:
        answer = route53.get_health_check_status(HealthCheckId=vantage.health_check)
    except (BotoCoreError, ClientError) as error:
        return Seen("checkers", "not known", f"Route 53 does not say ({error})")
    said = [one.get("StatusReport", {}).get("Status", "") for one in answer["HealthCheckObservations"]]
    failing = [status for status in said if not status.startswith("Success")]
    if not said:
        return Seen("checkers", "not known", "no checker has looked yet")
    state: State = "down" if 2 * len(failing) > len(said) else "up"
    return Seen("checkers", state, f"{len(failing)} of {len(said)} see a failure")


LOOKS: dict[str, Callable[[Vantage], Seen]] = {
    "front-door": _front_door,
    "region-api": _region_api,
    "checkers": _checkers,
}
