"""The edge before the regions, as CloudFront behaves for an API: one listener for each distribution, nothing cached.

``python -m drdrill.lab.edge --config FILE``. 502 when the origin refused or broke the connection, 504 when it took too long, and every
answer of 400 and above says ``X-Cache: Error from cloudfront`` (CloudFront developer guide, "Troubleshooting error responses").
CloudFront repeats a connection attempt three times and then a GET or HEAD towards a second origin, never a POST; here
nothing is repeated unless ``connection_attempts`` says so, and then only GET and HEAD.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable

from pydantic import Field

from drdrill.lab.door import Door
from drdrill.lab.forwarding import Destination, Late, Limits, Unanswered, forward
from drdrill.lab.http1 import Request, Response, response
from drdrill.lab.serving import listening_socket, main, until_terminated
from drdrill.model.frozen import Frozen

X_CACHE = b"X-Cache"
MISS = b"Miss from cloudfront"
ERROR = b"Error from cloudfront"


class DistributionConfig(Frozen):
    """One distribution: where it listens, and the load balancer (or the relay before it) that is its origin."""

    name: str
    listen: str
    origin: str


class EdgeConfig(Frozen):
    """Distributions of one edge process. Times are in seconds."""

    distributions: tuple[DistributionConfig, ...] = Field(min_length=1)
    connect_timeout_s: float = Field(default=1.0, gt=0)
    response_timeout_s: float = Field(default=6.0, gt=0)
    connection_attempts: int = Field(default=1, ge=1, le=3)
    log: str | None = None


class Distribution:
    """Answers every request of one distribution, by the origin's answer or by an error of its own."""

    def __init__(self, config: DistributionConfig, limits: Limits, attempts: int) -> None:
        self._name = config.name
        self._origin = Destination.parse(config.origin)
        self._limits = limits
        self._attempts = attempts
        self._via = (b"Via", f"1.1 {config.name} (CloudFront)".encode())

    async def answer(self, request: Request, client: str) -> Response:
        """Forward one request to the origin."""
        onward = request.carried((b"X-Forwarded-For", client.encode()), self._via)
        try:
            answer = await forward(onward, self._origin, self._limits, self._attempts)
        except Late as error:
            return self._error(504, "Gateway Timeout", str(error))
        except Unanswered as error:
            return self._error(502, "Bad Gateway", str(error))
        return answer.carried((X_CACHE, MISS if answer.status < 400 else ERROR), self._via)

    def _error(self, status: int, phrase: str, reason: str) -> Response:
        body = json.dumps({"reason": f"edge {self._name}: {reason}"}).encode()
        return response(status, phrase, body, (X_CACHE, ERROR), (b"Server", b"CloudFront"))


async def _serve(config: EdgeConfig, ready: Callable[[], None]) -> None:
    listeners = [listening_socket(distribution.listen) for distribution in config.distributions]
    limits = Limits(config.connect_timeout_s, config.response_timeout_s)
    doors = []
    for distribution, listener in zip(config.distributions, listeners, strict=True):
        doors.append(Door(Distribution(distribution, limits, config.connection_attempts).answer))
        await doors[-1].open(listener)
    await until_terminated(ready)
    await asyncio.gather(*(door.close() for door in doors))


def run(config: EdgeConfig, ready: Callable[[], None]) -> int:
    """Serve until SIGTERM."""
    asyncio.run(_serve(config, ready))
    return 0


if __name__ == "__main__":
    sys.exit(main("the edge", EdgeConfig, run))
