"""What a process that makes traffic must know of the open drill: its plan, its door, and where its record goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from drdrill.errors import EstateError
from drdrill.model.drill import Drill, Traffic
from drdrill.model.estate import Session
from drdrill.model.history import UNMEASURED_NS
from drdrill.record.operations import OperationRecorder
from drdrill.traffic.door import Door
from drdrill.traffic.journeys import JOURNEYS
from drdrill.traffic.open_loop import Terms
from drdrill.traffic.resolver import Resolver, resolver_of

SESSION = "DRDRILL_SESSION"
OWN_CLOCK = "DRDRILL_OWN_CLOCK"
"""Set where the clock is not the drill's: a record that begins there is worth nothing without readings of that clock."""

NO_REGION = "none"


def region_codes(regions: tuple[str, ...]) -> dict[bytes, int]:
    """The code of each region as its answers name it; whoever is not listed is region 0, "none"."""
    return {name.lower().encode(): code for code, name in enumerate(regions) if code}


@dataclass(frozen=True)
class Briefing:
    """The session of one open drill, and its frozen plan."""

    session: Session
    drill: Drill

    @classmethod
    def read(cls, path: Path) -> Briefing:
        """Read both files. Raises ``EstateError`` when they are not there: the drill is closed, or never was open."""
        try:
            return cls.of(Session.model_validate_json(path.read_bytes()))
        except OSError as error:
            raise EstateError(f"nothing is sent: the session {path} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise EstateError(f"nothing is sent: {path} is not a session ({error.error_count()} problems)") from None

    @classmethod
    def of(cls, session: Session) -> Briefing:
        """The briefing of a session that was read already. Raises ``EstateError`` when its plan cannot be read."""
        try:
            return cls(session, Drill.model_validate_json(Path(session.plan_path).read_bytes()))
        except (OSError, ValidationError) as error:
            raise EstateError(f"nothing is sent: the plan {session.plan_path} cannot be read ({error})") from error

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Briefing | None:
        """The briefing of the drill that this process belongs to, or None when it belongs to none."""
        path = environment.get(SESSION)
        return cls.read(Path(path)) if path else None

    @property
    def traffic(self) -> Traffic:
        """The traffic that was planned."""
        return self.drill.traffic

    @property
    def door(self) -> Door:
        """Where customers come in."""
        front_door = self.session.estate.target.front_door
        return Door(front_door.host, front_door.port)

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of regions as every recorder of the drill codes them."""
        return (NO_REGION, *self.session.estate.target.regions)

    def resolver(self) -> Resolver:
        """How the door's name becomes an address: by the estate's own name server if it has one."""
        return resolver_of(self.door, self.session.estate.dns)

    def terms(self) -> Terms:
        """How requests are sent."""
        return Terms(
            door=self.door,
            deadline_s=self.traffic.deadline_s,
            concurrency_cap=self.traffic.concurrency_cap,
            regions=region_codes(self.regions),
        )

    def record_path(self, name: str) -> Path:
        """Where the recorder of this name writes."""
        return Path(self.session.evidence_dir) / "operations" / f"{name}.ops"

    def recorder(self, number: int, name: str) -> OperationRecorder:
        """Begin a record in the evidence folder. Raises ``EstateError`` when it exists, or cannot be written."""
        return OperationRecorder.create(
            self.record_path(name),
            number,
            name,
            JOURNEYS,
            self.regions,
            drill_id=self.drill.drill_id,
            clock_bound_ns=UNMEASURED_NS if os.environ.get(OWN_CLOCK) else 0,
        )
