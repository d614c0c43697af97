"""What a load generator is asked for: by the open drill's plan, or by whoever starts Locust on their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drdrill.errors import BadInput
from drdrill.model.drill import Traffic
from drdrill.model.shape import Replay
from drdrill.traffic.journeys import Mix
from drdrill.traffic.replay import ReplayedSchedule
from drdrill.traffic.schedule import Schedule
from drdrill.traffic.shape import shape_of, shape_text

CONNECTIONS = ("fresh", "kept")


@dataclass(frozen=True)
class LoadOptions:
    """Rate in operations a second, ramp and deadline in seconds; ``journeys`` as ``balance=45,transfer=45``, ``shape`` as ``shape_of`` reads it."""

    rate: float
    ramp: float
    journeys: str
    arrivals: str
    shape: str
    connections: str
    deadline: float
    concurrency_cap: int
    accounts: int
    seed: int

    @classmethod
    def planned(cls, traffic: Traffic, seed: int) -> LoadOptions:
        """What a plan asks for."""
        return cls(
            rate=traffic.rate_per_s,
            ramp=traffic.ramp_s,
            journeys=",".join(f"{name}={weight:g}" for name, weight in traffic.journeys.items()),
            arrivals=traffic.arrivals,
            shape=shape_text(traffic.shape),
            connections=traffic.connections,
            deadline=traffic.deadline_s,
            concurrency_cap=traffic.concurrency_cap,
            accounts=traffic.accounts,
            seed=seed,
        )

    @classmethod
    def chosen(cls, options: Mapping[str, Any]) -> LoadOptions:
        """What stands in Locust's parsed options. Raises ``BadInput`` with every problem."""
        chosen = cls(**{name: options[name] for name in cls.__dataclass_fields__})
        problems = [*chosen._schedule_problems(), *chosen._mix_problems()]
        if chosen.connections not in CONNECTIONS:
            problems.append(f"connections are {' or '.join(CONNECTIONS)}, not {chosen.connections!r}")
        if chosen.deadline <= 0:
            problems.append(f"a deadline of {chosen.deadline:g} s leaves no time for an answer")
        if chosen.concurrency_cap <= 0:
            problems.append(f"a concurrency cap of {chosen.concurrency_cap} lets nothing be sent")
        if problems:
            raise BadInput("nothing is sent", problems)
        return chosen

    def as_dict(self) -> dict[str, Any]:
        """The options by name."""
        return asdict(self)

    @property
    def keep(self) -> bool:
        """Whether a connection carries many requests."""
        return self.connections == "kept"

    def schedule(self) -> Schedule | ReplayedSchedule:
        """The whole schedule; each worker takes its ``share``. Raises ``BadInput`` with every problem of the shape."""
        shape = shape_of(self.shape)
        if isinstance(shape, Replay):
            return ReplayedSchedule.of(shape)
        arrivals: Any = self.arrivals
        return Schedule(self.rate, self.ramp, arrivals, self.seed, shape=shape)

    def mix(self) -> Mix:
        """The errands of the whole schedule; each worker takes its ``share``."""
        return Mix(weights_of(self.journeys), self.accounts, self.seed)

    def _schedule_problems(self) -> tuple[str, ...]:
        try:
            return self.schedule().problems()
        except BadInput as error:
            return error.problems

    def _mix_problems(self) -> tuple[str, ...]:
        try:
            return self.mix().problems()
        except BadInput as error:
            return error.problems


def weights_of(text: str) -> dict[str, float]:
    """Weights of ``balance=45,transfer=45,statement=10``. Raises ``BadInput`` with every part that is none."""
    weights: dict[str, float] = {}
    problems: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        name, _, weight = part.partition("=")
        try:
            if name in weights:
                problems.append(f"the journey {name!r} stands twice in {text!r}")
            weights[name] = float(weight)
        except ValueError:
            problems.append(f"{part!r} is not a journey and its weight, for example transfer=45")
    if problems:
        raise BadInput("nothing is sent", problems)
    return weights
