"""Reading a plan: one experiment file and one target file become one frozen ``Drill``, or every problem at once."""

from __future__ import annotations

import hashlib
import secrets
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from drdrill.errors import BadInput
from drdrill.machine import software_versions, this_machine
from drdrill.model.drill import Drill, FailbackObjectives, Limits, Objectives, ServiceLevel, Traffic
from drdrill.model.frozen import Frozen
from drdrill.model.quantity import Operations, PerSecond, Seconds, Share, Times
from drdrill.model.shape import PlannedShape, Replay
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target
from drdrill.model.time_scale import DURATION_FLOOR_S, PROBLEM, scaled_s
from drdrill.record.arrivals import read_arrivals

JOURNEYS = ("balance", "transfer", "statement")
"""The journeys that the traffic can perform, reads and writes."""

_SOFTWARE = (
    "drdrill",
    "chaostoolkit",
    "chaostoolkit-lib",
    "chaostoolkit-aws",
    "locust",
    "moto",
    "boto3",
    "psycopg",
    "numpy",
)


class _Failback(Frozen):
    rto: Seconds | None = None
    rpo: Seconds | None = None
    loss: Operations | None = 0

    def frozen(self) -> FailbackObjectives:
        return FailbackObjectives(rto_s=self.rto, rpo_s=self.rpo, loss_operations=self.loss)


class _Objectives(Frozen):
    rto: Seconds | None = None
    rpo: Seconds | None = None
    loss: Operations | None = None
    split_brain: Operations | None = 0
    relapses: Times | None = 0
    seconds_below: Seconds | None = None
    failed: Share | None = None
    failback: _Failback | None = None

    def frozen(self) -> Objectives:
        return Objectives(
            rto_s=self.rto,
            rpo_s=self.rpo,
            loss_operations=self.loss,
            split_brain_operations=self.split_brain,
            relapses=self.relapses,
            seconds_below_s=self.seconds_below,
            failed_share=self.failed,
            failback=self.failback.frozen() if self.failback else None,
        )


class _ServiceLevel(Frozen):
    window: Seconds = 1.0
    share: Share = 0.99
    latency: Seconds = 1.0
    hold: Seconds = 10.0

    def frozen(self) -> ServiceLevel:
        return ServiceLevel(window_s=self.window, good_share=self.share, latency_s=self.latency, hold_s=self.hold)


class _Traffic(Frozen):
    rate: PerSecond = 100.0
    ramp: Seconds = 0.0
    arrivals: Literal["constant", "poisson"] = "constant"
    shape: PlannedShape | None = None
    connections: Literal["fresh", "kept"] = "fresh"
    journeys: dict[Literal["balance", "transfer", "statement"], float] = {
        "balance": 45,
        "transfer": 45,
        "statement": 10,
    }
    probe_spacing: Seconds = 0.02
    probe_journeys: tuple[Literal["balance", "transfer", "statement"], ...] = ("transfer",)
    deadline: Seconds = 2.0
    concurrency_cap: int = 500
    baseline: Seconds = 10.0
    accounts: int = 1000

    def frozen(self) -> Traffic:
        return Traffic(
            rate_per_s=self.rate,
            ramp_s=self.ramp,
            arrivals=self.arrivals,
            shape=self.shape.frozen() if self.shape else None,
            connections=self.connections,
            journeys=dict(self.journeys),
            probe_spacing_s=self.probe_spacing,
            probe_journeys=self.probe_journeys,
            deadline_s=self.deadline,
            concurrency_cap=self.concurrency_cap,
            baseline_s=self.baseline,
            accounts=self.accounts,
        )


class _Limits(Frozen):
    max_lag: Seconds = 1.0
    max_duration: Seconds = 600.0

    def frozen(self) -> Limits:
        return Limits(max_lag_s=self.max_lag, max_duration_s=self.max_duration)


class _Extension(Frozen):
    name: Literal["drdrill"]
    disaster: str
    strategy: Strategy
    objectives: _Objectives
    service_level: _ServiceLevel = _ServiceLevel()
    traffic: _Traffic = _Traffic()
    limits: _Limits = _Limits()
    time_scale: float = 1.0
    seed: int = 1
    reconcile: bool = False


def read_plan(experiment: Path, target: Path, *, time_scale: float | None = None) -> Drill:
    """The frozen plan of one run. Raises ``BadInput`` with every problem of both files; nothing is touched.

    ``time_scale`` overrides the experiment's own. Objectives, baseline and longest duration are written in the file at full scale, and
    divided here.
    """
    problems: list[str] = []
    text = _read(experiment, "experiment", problems)
    document = _yaml(experiment, text, problems) if text is not None else None
    extension = _extension(experiment, document, problems) if document is not None else None
    traffic = _traffic(experiment, extension.traffic.frozen(), problems) if extension is not None else None
    estate = _target(target, problems)
    scale = time_scale if time_scale is not None or extension is None else extension.time_scale
    if extension is not None and estate is not None:
        problems += [*_unfit(experiment, extension, target, estate), *_unfit_scale(scale)]
    if problems or traffic is None or extension is None or estate is None or document is None or text is None:
        raise BadInput("not running the drill", problems)
    assert scale is not None
    return Drill(
        drill_id=_drill_id(experiment),
        title=str(document.get("title", experiment.stem)),
        experiment=experiment.name,
        experiment_sha256=hashlib.sha256(text).hexdigest(),
        disaster=extension.disaster,
        strategy=extension.strategy,
        service_level=extension.service_level.frozen(),
        target=estate,
        seed=extension.seed,
        reconcile=extension.reconcile,
        **_scaled(extension, traffic, scale),
        software=software_versions(_SOFTWARE) | {"machine": this_machine()},
    )


def _traffic(experiment: Path, traffic: Traffic, problems: list[str]) -> Traffic:
    """The traffic with what its shape needs: a recording is read, and its digest becomes part of the plan."""
    where = f"{experiment}: extensions.drdrill.traffic.shape"
    shape = traffic.shape
    contradiction = shape.contradiction(traffic.ramp_s) if shape else None
    if contradiction:
        problems.append(f"{where}: {contradiction}")
    if not isinstance(shape, Replay):
        return traffic
    path = (experiment.parent / shape.file).absolute()
    try:
        arrivals = read_arrivals(path, JOURNEYS)
    except BadInput as error:
        problems.extend(f"{where}.replay: {problem}" for problem in error.problems)
        return traffic
    if arrivals.span_s / shape.speed < traffic.baseline_s:
        problems.append(
            f"{where}.replay: the last arrival of {shape.file} comes after {arrivals.span_s / shape.speed:g} s, "
            f"before the baseline of {traffic.baseline_s:g} s is over"
        )
    replay = shape.model_copy(update={"file": str(path), "sha256": arrivals.sha256})
    return traffic.model_copy(update={"shape": replay})


def _scaled(extension: _Extension, traffic: Traffic, scale: float) -> dict[str, Any]:
    """The parts of a plan that its time scale divides; what was approved stays beside them."""
    approved, limits = extension.objectives.frozen(), extension.limits.frozen()
    longest_s = scaled_s(limits.max_duration_s, scale, floor_s=DURATION_FLOOR_S)
    return {
        "time_scale": scale,
        "approved": None if scale == 1 else approved,
        "objectives": approved.divided(scale),
        "traffic": traffic.model_copy(update={"baseline_s": traffic.baseline_s / scale}),
        "limits": limits.model_copy(update={"max_duration_s": longest_s}),
    }


def _unfit_scale(scale: float | None) -> list[str]:
    return [f"{PROBLEM}, not {scale:g}"] if scale is not None and not scale >= 1 else []


def _unfit(experiment: Path, extension: _Extension, path: Path, target: Target) -> list[str]:
    """What the strategy needs of the target, and the baseline of the interval between snapshots."""
    if extension.strategy.data != "snapshot-copy":
        return []
    sections = {"rds": target.rds, "snapshots": target.snapshots}
    problems = [
        f"{path}: the section [{name}] is missing, which the strategy snapshot-copy needs"
        for name, section in sections.items()
        if section is None
    ]
    baseline_s, snapshots = extension.traffic.baseline, target.snapshots
    if snapshots is not None and baseline_s <= snapshots.interval_s:
        problems.append(
            f"{experiment}: extensions.drdrill.traffic.baseline of {baseline_s:g} s does not span a whole snapshot interval "
            f"({snapshots.interval_s:g} s in {path})"
        )
    return problems


def _drill_id(experiment: Path) -> str:
    started = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{started}-{experiment.stem}-{secrets.token_hex(2)}"


def _read(path: Path, what: str, problems: list[str]) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problems.append(f"there is no {what} file {path}{_nearby(path)}")
    except OSError as error:
        problems.append(f"the {what} file {path} cannot be read ({error.strerror})")
    return None


def _nearby(path: Path) -> str:
    known = (
        sorted(found.name for found in path.parent.glob(f"*{path.suffix or '.yaml'}")) if path.parent.is_dir() else []
    )
    return f"; {path.parent} has {', '.join(known)}" if known else ""


class _NoTwice(yaml.SafeLoader):
    """A safe loader that refuses a key written twice: YAML would silently keep the last objective of two."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is written twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def _yaml(path: Path, text: bytes, problems: list[str]) -> dict[str, Any] | None:
    try:
        document = yaml.load(text, _NoTwice)  # noqa: S506 (a SafeLoader that refuses more)
    except yaml.MarkedYAMLError as error:
        where = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problems.append(f"{path} is not YAML{where}: {error.problem}")
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not YAML: {error}")
        return None
    if not isinstance(document, dict):
        problems.append(
            f"{path} is not an experiment: it holds a {type(document).__name__} where a mapping is expected"
        )
        return None
    return document


def _extension(path: Path, document: dict[str, Any], problems: list[str]) -> _Extension | None:
    extensions = document.get("extensions")
    named = (
        [e for e in extensions if isinstance(e, dict) and e.get("name") == "drdrill"]
        if isinstance(extensions, list)
        else []
    )
    if len(named) != 1:
        problems.append(
            f"{path} has {len(named)} blocks 'extensions: - name: drdrill'; write exactly one, "
            "with the disaster, the strategy and the objectives"
        )
        return None
    try:
        return _Extension.model_validate(named[0])
    except ValidationError as error:
        problems.extend(_sentences(f"{path}: extensions.drdrill", error))
        return None


def _target(path: Path, problems: list[str]) -> Target | None:
    text = _read(path, "target", problems)
    if text is None:
        return None
    try:
        target = Target.model_validate(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not TOML: {error}")
        return None
    except ValidationError as error:
        problems.extend(_sentences(str(path), error))
        return None
    outside = _outside_residency(path, target)
    problems.extend(outside)
    return None if outside else target


INDIA = frozenset({"ap-south-1", "ap-south-2"})
"""The AWS regions in India: banking data may be nowhere else, whatever a target file allows."""


def _outside_residency(path: Path, target: Target) -> list[str]:
    abroad = [
        f"{path}: allowed_regions names {region}, which is not in India ({', '.join(sorted(INDIA))})"
        for region in target.allowed_regions
        if region not in INDIA
    ]
    named = {
        "primary_region": [target.primary_region],
        "recovery_region": [target.recovery_region],
        "aurora.clusters": list(target.aurora.clusters),
        "load_balancers": list(target.load_balancers),
        "distributions": list(target.distributions),
        "rds.instances": list(target.rds.instances) if target.rds is not None else [],
    }
    return abroad + [
        f"{path}: {field} is in {region}, outside the residency list ({', '.join(target.allowed_regions)})"
        for field, regions in named.items()
        for region in regions
        if region not in target.allowed_regions
    ]


def _sentences(where: str, error: ValidationError) -> list[str]:
    return [_sentence(where, dict(problem)) for problem in error.errors()]


def _sentence(where: str, problem: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in problem["loc"])
    message = {"extra_forbidden": "is not a known field", "missing": "is missing"}.get(
        problem["type"], str(problem["msg"]).removeprefix("Value error, ")
    )
    return f"{where}.{field}: {message}" if message[0] == "'" else f"{where}.{field} {message}"
