"""One Route 53 health check: what is asked of the endpoint, and what several checkers conclude from the answers."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

CHECKERS = ("ap-southeast-1", "ap-northeast-1", "ap-southeast-2")
"""Where the checkers stand; Route 53 has none in India."""

HEALTHY_SHARE = 0.18
"""Route 53 calls an endpoint healthy while more than 18 % of its checkers do."""

TYPES = frozenset({"HTTP", "HTTP_STR_MATCH", "TCP"})
_CONNECT_S = 4.0
_RESPONSE_S = 2.0
_SEARCHED_BYTES = 5120
_AGENT = "Amazon-Route53-Health-Check-Service (the embedded lab)"
_TIMED_OUT = (
    "Failure: Connection timed out. The endpoint or the internet connection is down, "
    "or requests are being blocked by your firewall."
)


@dataclass(frozen=True)
class HealthCheck:
    """The configuration of a check. ``host`` and ``port`` are where it really goes, ``name`` is its Host header."""

    id: str
    type: str
    host: str
    port: int
    path: str
    name: str
    interval_s: float
    threshold: int
    search: str = ""
    inverted: bool = False
    disabled: bool = False


@dataclass(frozen=True)
class Report:
    """The outcome of one request to the endpoint."""

    passed: bool
    text: str
    at: datetime


@dataclass
class Checker:
    """One of several that look at an endpoint; its opinion changes after so many equal results in a row.

    Until data arrive the endpoint counts as healthy.
    """

    region: str
    healthy: bool = True
    newest: Report | None = None
    newest_failure: Report | None = None
    _against: int = 0

    def note(self, report: Report, threshold: int) -> None:
        """Take one result."""
        self.newest = report
        if not report.passed:
            self.newest_failure = report
        self._against = 0 if report.passed == self.healthy else self._against + 1
        if self._against >= threshold:
            self.healthy, self._against = report.passed, 0


def is_healthy(check: HealthCheck, checkers: list[Checker]) -> bool:
    """Route 53's conclusion. A disabled check is always healthy, an inverted one says the opposite."""
    if not check.disabled and all(checker.newest is None for checker in checkers):
        return True
    share = sum(checker.healthy for checker in checkers) / len(checkers)
    return (check.disabled or share > HEALTHY_SHARE) != check.inverted


def look(check: HealthCheck) -> Report:
    """Ask the endpoint once. It may take as long as Route 53 lets it, but never longer than the interval."""
    connect_s, response_s = min(_CONNECT_S, check.interval_s), min(_RESPONSE_S, check.interval_s)
    try:
        passed, text = _tcp(check, connect_s) if check.type == "TCP" else _http(check, connect_s, response_s)
    except TimeoutError:
        passed, text = False, _TIMED_OUT
    except (OSError, ValueError, http.client.HTTPException) as error:
        passed, text = False, f"Failure: {getattr(error, 'strerror', None) or error or type(error).__name__}"
    return Report(passed, text, datetime.now(tz=UTC))


def _tcp(check: HealthCheck, connect_s: float) -> tuple[bool, str]:
    with socket.create_connection((check.host, check.port), timeout=connect_s):
        return True, "Success: Connection established"


def _http(check: HealthCheck, connect_s: float, response_s: float) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(check.host, check.port, timeout=connect_s)
    try:
        connection.connect()
        connection.sock.settimeout(response_s)
        headers = {"Host": check.name, "User-Agent": _AGENT, "Connection": "close"}
        connection.request("GET", check.path, headers=headers)
        response = connection.getresponse()
        body = response.read(_SEARCHED_BYTES)
    finally:
        connection.close()
    status = f"HTTP Status Code {response.status}, {_phrase(response.status)}"
    if not 200 <= response.status < 400:
        return False, f"Failure: {status}"
    if check.type == "HTTP_STR_MATCH" and check.search.encode() not in body:
        return False, f"Failure: {status}, but the search string was not found in the response"
    return True, f"Success: {status}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown"
