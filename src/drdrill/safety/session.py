"""The open drill that a process belongs to: found through ``DRDRILL_SESSION``, refused when there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from drdrill.aws.guard import refuse_unless_lab
from drdrill.errors import NotInjecting
from drdrill.model.drill import Drill
from drdrill.model.estate import Session

SESSION = "DRDRILL_SESSION"


def open_session(environment: Mapping[str, str] = os.environ) -> Session:
    """The session of the open drill. Raises ``NotInjecting`` when none is open, or when its target is not the lab."""
    path = environment.get(SESSION)
    if not path:
        raise NotInjecting(
            f"not injecting: no drill is open ({SESSION} is not set); start one with drdrill run, and act from within it"
        )
    return read_session(Path(path))


def read_session(path: Path) -> Session:
    """The session in this file. Raises ``NotInjecting`` when it cannot be read, or when its target is not the lab."""
    try:
        session = Session.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NotInjecting(
            f"not injecting: the session file {path} cannot be read ({error.strerror}); the drill is closed"
        ) from error
    except ValidationError as error:
        raise NotInjecting(f"not injecting: {path} is not a session ({error.error_count()} problems)") from error
    refuse_unless_lab(session.estate.target)
    return session


def plan_of(session: Session) -> Drill:
    """The frozen plan of the open drill. Raises ``NotInjecting`` when it cannot be read."""
    try:
        return Drill.model_validate_json(Path(session.plan_path).read_bytes())
    except (OSError, ValidationError) as error:
        raise NotInjecting(f"not injecting: the plan {session.plan_path} cannot be read ({error})") from error
