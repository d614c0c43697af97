"""What makes a function an activity: an open drill, a mark before and after, and an end to the method when it fails."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaoslib.exceptions import InterruptExecution

from drdrill.aws.clients import AwsError
from drdrill.errors import DrillError
from drdrill.model.mark import ACTIVITY_ENDED, ACTIVITY_STARTED
from drdrill.runbooks.scene import Scene
from drdrill.safety.session import SESSION, open_session, plan_of, read_session

SOURCE = "chaos"


@dataclass(frozen=True)
class Seen:
    """What a probe saw: whether its condition is met, and the sentence that says why."""

    met: bool
    sentence: str


def open_scene() -> Scene:
    """The scene of the open drill. Raises ``InterruptExecution`` with one sentence when there is none."""
    try:
        open_session()
        return _scene(Path(os.environ[SESSION]))
    except DrillError as error:
        raise InterruptExecution(str(error)) from error


@functools.cache
def _scene(path: Path) -> Scene:
    # One scene for a process: an action that had to make its clients first would lengthen the recovery it performs.
    session = read_session(path)
    return Scene.of(session, plan_of(session))


def action[**P](act: Callable[P, str]) -> Callable[P, str]:
    """An action that is marked, and that stops the whole method when it fails.

    Chaos Toolkit goes on after a failed action: it would promote after a fence that failed.
    """

    @functools.wraps(act)
    def performed(*args: P.args, **kwargs: P.kwargs) -> str:
        with _marked(act, open_scene()):
            try:
                return act(*args, **kwargs)
            except InterruptExecution:
                raise
            except Exception as error:
                raise InterruptExecution(str(error) or repr(error)) from error

    return performed


def probe[**P](look: Callable[P, Seen]) -> Callable[P, bool]:
    """A probe that is marked, and total: what could not be measured is not met, with the reason on record."""

    @functools.wraps(look)
    def probed(*args: P.args, **kwargs: P.kwargs) -> bool:
        with _marked(look, open_scene()) as told:
            try:
                seen = look(*args, **kwargs)
            except (DrillError, *AwsError, OSError, ValueError, KeyError) as error:
                seen = Seen(met=False, sentence=f"could not be measured: {type(error).__name__} {error}")
            told.update(met=seen.met, reason=seen.sentence)
            return seen.met

    shape = inspect.signature(look).replace(return_annotation=bool)
    probed.__signature__ = shape  # type: ignore[attr-defined]
    return probed


@contextmanager
def _marked(function: Callable[..., object], scene: Scene) -> Iterator[dict[str, Any]]:
    """A mark before and after; the one after says whether the activity came to its own end, whatever tore it away."""
    name = f"{function.__module__}.{function.__name__}"
    scene.marks.add(ACTIVITY_STARTED, SOURCE, activity=name)
    told: dict[str, Any] = {"ok": False, "reason": "interrupted"}
    try:
        yield told
        told["ok"] = True
        if told["reason"] == "interrupted":
            del told["reason"]
    except InterruptExecution as error:
        told["reason"] = str(error)
        raise
    finally:
        scene.marks.add(ACTIVITY_ENDED, SOURCE, activity=name, **told)
