"""What an experiment may hold: activities of this extension. An experiment is a file from somebody else, and would be run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from chaoslib.types import Strategy

from drdrill.aws.guard import is_loopback
from drdrill.errors import BadInput
from drdrill.model.target import Target

_MODULES: tuple[str, ...] = (
    "drdrill.chaos.actions",
    "drdrill.chaos.aurora",
    "drdrill.chaos.probes",
    "drdrill.chaos.aws",
    "drdrill.chaos.snapshots",
    "drdrill.chaos.snapshot_probes",
)
_MODULES += ("drdrill.chaos.multi_az", "drdrill.chaos.multi_az_probes")
_MODULES += ("drdrill.chaos.active_active", "drdrill.chaos.active_active_probes")
_MODULES += ("drdrill.chaos.native", "drdrill.chaos.native_probes")
_RUNTIME = {"rollbacks", "hypothesis"}


def refuse_unsafe(experiment: Any, target: Target) -> None:
    """Refuse what would run a shell, another module or another host, or install packages. Raises ``BadInput`` with all of it."""
    if not isinstance(experiment, dict):
        raise BadInput("not performing the experiment", ["the file holds no mapping"])
    problems = [*_runtime_problems(experiment.get("runtime"))]
    for where, provider in _providers(experiment, "experiment"):
        problems += [f"{where}: {problem}" for problem in _provider_problems(provider, target)]
    if problems:
        raise BadInput("not performing the experiment", problems)


def hypothesis_strategy(experiment: dict[str, Any]) -> Strategy:
    """When the steady state is looked at: ``runtime.hypothesis.strategy`` of the file, as ``chaos run`` reads it."""
    stated = experiment.get("runtime", {}).get("hypothesis", {}).get("strategy", "default")
    return Strategy.from_string(stated)


def _runtime_problems(runtime: Any) -> Iterator[str]:
    if runtime is None:
        return
    if not isinstance(runtime, dict):
        yield "runtime: is not a mapping"
        return
    for key in sorted(set(map(str, runtime)) - _RUNTIME):
        yield f"runtime.{key}: is not allowed (runtime.python would install packages)"
    for key in _RUNTIME & set(runtime):
        if not isinstance(runtime[key], dict):
            yield f"runtime.{key}: is not a mapping"
    stated = runtime.get("hypothesis")
    strategy = stated.get("strategy", "default") if isinstance(stated, dict) else "default"
    try:
        Strategy.from_string(strategy)
    except ValueError:
        yield f"runtime.hypothesis.strategy: {strategy!r} is not known"


def _providers(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every provider at any depth: activities, but also controls, tolerances and probes inside the configuration."""
    if isinstance(node, dict):
        if "provider" in node:
            yield f"{where}.{node.get('name', 'unnamed')}", node["provider"]
        for key, below in node.items():
            yield from _providers(below, f"{where}.{key}")
    elif isinstance(node, list):
        for below in node:
            yield from _providers(below, where)


def _provider_problems(provider: Any, target: Target) -> Iterator[str]:
    kind = provider.get("type") if isinstance(provider, dict) else None
    if kind == "python":
        if provider.get("module") not in _MODULES:
            yield f"module {provider.get('module')!r} is not allowed; allowed are {', '.join(_MODULES)}"
    elif kind == "http":
        url = str(provider.get("url"))
        host = urlsplit(url).hostname if "${" not in url else None
        if host is None or not (is_loopback(url) or host == target.front_door.host):
            yield f"url {url!r} is not the front door of the target, nor on this machine"
    elif kind == "process":
        yield "a process provider runs a program of its own, and is not allowed"
    else:
        yield f"provider type {kind!r} is not known"
