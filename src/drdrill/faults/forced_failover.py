"""Let RDS fail a Multi-AZ instance over: RebootDBInstance with ForceFailover, the way a bank may hurt its real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from drdrill.aws.clients import AwsError
from drdrill.aws.multi_az import FAILOVER_STARTED, deployment_of, describe_multi_az, events_since
from drdrill.errors import NotInjecting, Unprovable
from drdrill.faults.reach import Reach
from drdrill.waiting import wait_until

_SEEN_S = 10.0
_BACK_S = 60.0


class ForcedFailover:
    """The primary is killed by its own control plane. A blow and not a state: it is over when a standby protects again."""

    name = "forced-failover"

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._asked: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Nothing: another process waits for the same instance."""
        return {}

    def inject(self) -> None:
        """Ask for it. Raises ``NotInjecting`` when RDS refuses, as it does while no standby is in step."""
        clients = self._reach.aws
        clients.refuse_to_change_the_wrong_estate()
        began = datetime.now(tz=UTC) - timedelta(milliseconds=1)
        try:
            clients.rds(clients.estate.target.primary_region).reboot_db_instance(
                DBInstanceIdentifier=deployment_of(clients).instance, ForceFailover=True
            )
        except AwsError as error:
            raise NotInjecting(f"not injecting: RDS refused the failover ({error})") from error
        self._asked = began

    def prove(self) -> str:
        """Wait for RDS's own event that says so. Raises ``Unprovable`` when it does not come, or nothing was asked."""
        asked = self._asked
        if asked is None:
            raise Unprovable("the failover is not proved: none was asked for, or it is over")
        wait_until(
            "RDS tells that it fails over",
            lambda: any(message.startswith(FAILOVER_STARTED) for message in self._events(asked)),
            limit_s=_SEEN_S,
            every_s=0.02,
            seen=lambda: self._events(asked),
        )
        return f"RDS tells: {'; '.join(self._events(asked))}"

    def heal(self) -> None:
        """Wait until it is over: RDS itself builds the new standby. There is nothing to take back."""
        wait_until(
            "a standby protects the instance",
            lambda: describe_multi_az(self._reach.aws).protected,
            limit_s=_BACK_S,
            every_s=0.2,
            seen=lambda: describe_multi_az(self._reach.aws),
        )
        self._asked = None

    def prove_healed(self) -> str:
        """Look once more; raises ``Unprovable`` when no standby protects the instance."""
        seen = describe_multi_az(self._reach.aws)
        if not seen.protected:
            raise Unprovable(f"the failover is not over: {seen}")
        return str(seen)

    def _events(self, since: datetime) -> list[str]:
        return events_since(self._reach.aws, since)
