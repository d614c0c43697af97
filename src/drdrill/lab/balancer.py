"""The load balancer of one region, as an Application Load Balancer behaves: health checks, round robin, no retry.

``python -m drdrill.lab.balancer --config FILE``. ``GET /lb/targets`` tells the health of every target.
What is imitated, from the Elastic Load Balancing user guide for Application Load Balancers:

* "Target group health": a new target must pass one health check before it is used; after that, so many in a row change its state.
* "Health checks for your target groups": "If a target group contains only unhealthy registered targets, the load balancer
  routes requests to all those targets, regardless of their health status": it fails open.
* "Troubleshoot": 503 when there are no registered targets; 502 when the target refused, reset or closed the connection; 504 when
  it did not accept the connection, or did not answer, in time. None of these tells the client what happened to the payment.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from pydantic import Field

from drdrill.lab.door import Door
from drdrill.lab.forwarding import Destination, Late, Limits, Unanswered, forward
from drdrill.lab.http1 import Request, Response, response
from drdrill.lab.serving import listening_socket, main, until_terminated
from drdrill.model.frozen import Frozen

TARGETS_PATH = b"/lb/targets"
INITIAL = "Elb.InitialHealthChecking"
FAILED = "Target.FailedHealthChecks"
TIMED_OUT = "Target.Timeout"
MISMATCH = "Target.ResponseCodeMismatch"


class BalancerConfig(Frozen):
    """One region's load balancer. ``healthy`` and ``unhealthy`` are checks in a row; times are in seconds."""

    region: str
    listen: str
    targets: tuple[str, ...]
    interval_s: float = Field(default=0.5, gt=0)
    healthy: int = Field(default=2, ge=1)
    unhealthy: int = Field(default=2, ge=1)
    health_path: str = "/health"
    health_timeout_s: float = Field(default=1.0, gt=0)
    connect_timeout_s: float = Field(default=1.0, gt=0)
    response_timeout_s: float = Field(default=5.0, gt=0)
    log: str | None = None


@dataclass
class Target:
    """One worker as the health checks see it. ``reason`` is AWS's code; empty when healthy."""

    address: str
    healthy: bool = False
    reason: str = INITIAL
    passed: int = field(default=0, repr=False)
    failed: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        self.destination = Destination.parse(self.address)

    def note(self, failure: str | None, healthy: int, unhealthy: int) -> None:
        """Take the result of one check (None: passed)."""
        if failure is None:
            self.passed, self.failed = self.passed + 1, 0
        else:
            self.passed, self.failed = 0, self.failed + 1
        first = self.reason == INITIAL
        if self.passed >= (1 if first else healthy):
            self.healthy, self.reason = True, ""
        elif failure is not None and (first or not self.healthy or self.failed >= unhealthy):
            self.healthy, self.reason = False, failure


class Targets:
    """All workers of the region, and whose turn it is."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self.all = tuple(Target(address) for address in addresses)
        self._turn = count()

    def choose(self) -> Target | None:
        """The next healthy target; of all, when none is healthy (fail open); None when there is none at all."""
        candidates = [target for target in self.all if target.healthy] or self.all
        return candidates[next(self._turn) % len(candidates)] if candidates else None

    def table(self) -> list[dict[str, object]]:
        """What ``GET /lb/targets`` answers."""
        return [{"target": t.address, "healthy": t.healthy, "reason": t.reason} for t in self.all]


class Balancer:
    """Answers every request of the region, by a target's answer or by an error of its own."""

    def __init__(self, config: BalancerConfig) -> None:
        self._config = config
        self._limits = Limits(config.connect_timeout_s, config.response_timeout_s)
        self._check_limits = Limits(config.health_timeout_s, config.health_timeout_s)
        self._question = Request(
            method=b"GET",
            target=config.health_path.encode(),
            headers=((b"Host", config.region.encode()), (b"User-Agent", b"ELB-HealthChecker/2.0")),
        )
        self.targets = Targets(config.targets)

    async def answer(self, request: Request, client: str) -> Response:
        """Forward one request to one target, once."""
        if request.path == TARGETS_PATH:
            return response(200, "OK", json.dumps(self.targets.table()).encode())
        target = self.targets.choose()
        if target is None:
            return _error(503, "Service Unavailable", "no targets are registered")
        try:
            return await forward(_forwarded(request, client), target.destination, self._limits)
        except Late as error:
            return _error(504, "Gateway Timeout", str(error))
        except Unanswered as error:
            return _error(502, "Bad Gateway", str(error))

    async def check_for_ever(self, target: Target) -> None:
        """Check one target every ``interval_s``."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            was = target.healthy
            target.note(await self._check(target), self._config.healthy, self._config.unhealthy)
            if target.healthy != was:
                sys.stderr.write(f"{target.address} is {'healthy' if target.healthy else target.reason}\n")
            due = max(due + self._config.interval_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _check(self, target: Target) -> str | None:
        try:
            answer = await forward(self._question, target.destination, self._check_limits)
        except Late:
            return TIMED_OUT
        except Unanswered:
            return FAILED
        return None if answer.status == 200 else MISMATCH


def _forwarded(request: Request, client: str) -> Request:
    seen = request.header(b"x-forwarded-for")
    chain = client.encode() if seen is None else b"%s, %s" % (seen, client.encode())
    return request.carried((b"X-Forwarded-For", chain), (b"X-Forwarded-Proto", b"http"))


def _error(status: int, phrase: str, reason: str) -> Response:
    body = json.dumps({"reason": f"load balancer: {reason}"}).encode()
    return response(status, phrase, body, (b"Server", b"awselb/2.0"))


async def _serve(config: BalancerConfig, ready: Callable[[], None]) -> None:
    listener = listening_socket(config.listen)
    balancer = Balancer(config)
    door = Door(balancer.answer)
    await door.open(listener)
    checks = [asyncio.create_task(balancer.check_for_ever(target)) for target in balancer.targets.all]
    await until_terminated(ready)
    await door.close()
    for check in checks:
        check.cancel()
    await asyncio.gather(*checks, return_exceptions=True)


def run(config: BalancerConfig, ready: Callable[[], None]) -> int:
    """Balance until SIGTERM."""
    asyncio.run(_serve(config, ready))
    return 0


if __name__ == "__main__":
    sys.exit(main("the load balancer", BalancerConfig, run))
