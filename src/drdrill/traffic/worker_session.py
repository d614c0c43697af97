"""What a worker on another machine is given: where customers come in, what load is wanted, whom to ask for the time.

It is written from a list of what traffic needs, never by leaving out what is secret: a new secret in the estate cannot slip
into it. It holds one secret of its own, the token of this one drill.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from drdrill.errors import BadInput
from drdrill.model.drill import Drill
from drdrill.model.estate import Address, Estate, Session
from drdrill.model.frozen import Frozen
from drdrill.record.folder import write_durably

LEASE_S = 10.0
"""A worker that has not heard the drill for so long stops by itself."""


class WorkerSession(Frozen):
    """One open drill as workers elsewhere know it. ``place`` is where records are handed over, a folder or ``s3://…``."""

    format: Literal["drdrill-worker/1"] = "drdrill-worker/1"
    drill: Drill
    dns: Address | None
    workers: int = Field(ge=1)
    keeper: Address
    token: str
    place: str
    lease_s: float = Field(default=LEASE_S, gt=0)

    def session(self, home: Path) -> Session:
        """The session for a process that makes traffic in ``home``: no ledger, no API, no lab."""
        return Session(
            drill_id=self.drill.drill_id,
            evidence_dir=str(home),
            disaster=self.drill.disaster,
            estate=Estate(
                target=self.drill.target,
                strategy=self.drill.strategy,
                aws_endpoints={},
                dns=self.dns,
                ledgers={},
                front_doors={},
            ),
            plan_path=str(home / "plan.json"),
        )

    def unpack(self, home: Path) -> Path:
        """Make the folder that a load generator works in; returns the path of its session. Raises ``BadInput``."""
        try:
            for folder in (home, home / "operations", home / "logs"):
                folder.mkdir(mode=0o700, parents=folder is home, exist_ok=False)
            write_durably(home / "plan.json", self.drill.model_dump_json().encode())
            write_durably(home / "session.json", self.session(home).model_dump_json().encode())
        except OSError as error:
            raise BadInput(
                "nothing is sent", [f"{home} cannot be made ({error.strerror}); name a new folder"]
            ) from error
        return home / "session.json"


def new_token() -> str:
    """A token for one drill."""
    return secrets.token_hex(32)


def read_worker_session(path: Path) -> WorkerSession:
    """Read the file that the drill wrote. Raises ``BadInput``."""
    try:
        return WorkerSession.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput("nothing is sent", [f"the worker session {path} cannot be read ({error.strerror})"]) from error
    except ValidationError as error:
        raise BadInput(
            "nothing is sent", [f"{path} is not a worker session ({error.error_count()} problems)"]
        ) from None
