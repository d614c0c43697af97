"""Lose an availability zone: nobody reaches it, and everything in it is gone: a database, and the bank's workers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drdrill.aws.clients import AwsError
from drdrill.aws.multi_az import deployment_of, describe_instance, describe_multi_az
from drdrill.errors import BadInput, Unprovable
from drdrill.faults.reach import Reach
from drdrill.waiting import wait_until

_BACK_S = 60.0


class AzLoss:
    """``zone`` is lost. ``keep_cut`` are links that another fault had cut before: healing this one leaves them cut."""

    name = "az-loss"

    def __init__(self, reach: Reach, *, zone: str, keep_cut: Sequence[str] = ()) -> None:
        self._reach = reach
        self._zone = zone
        self._keep_cut = tuple(keep_cut)
        known = self._zones()
        if zone not in known:
            raise BadInput("not injecting", [f"{zone!r} is not a zone of the deployment; it has {', '.join(known)}"])

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"zone": self._zone, "keep_cut": list(self._keep_cut)}

    def inject(self) -> None:
        """Cut first, so that nothing a dying server has written still arrives; then kill."""
        lab = self._reach.lab
        lab.cut(lab.links_touching(self._zone))
        lab.kill_zone(self._zone)

    def prove(self) -> str:
        """Look at links and processes. Raises ``Unprovable`` with all that still lives."""
        alive = [*self._open_links(), *self._living()]
        if alive:
            raise Unprovable(f"the loss of {self._zone} is not proved: {'; '.join(alive)}")
        return f"every link that touches {self._zone} reads back as cut, and its processes are gone"

    def heal(self) -> None:
        """Bring the zone back, empty of databases: RDS builds a new server there, from the one that writes now.

        What half an injection has left alive is killed first: an old primary must not be reached again.
        """
        lab = self._reach.lab
        if not self._dead() and not self._cut(self._ours()):
            return
        lab.kill_zone(self._zone)
        lab.start_zone(self._zone)
        lab.open(self._ours())

    def prove_healed(self) -> str:
        """Wait until the links are open, the workers run, and the new database is in step with the one that writes."""
        wait_until(
            f"{self._zone} is back",
            lambda: not self._missing(),
            limit_s=_BACK_S,
            every_s=0.2,
            seen=lambda: "; ".join(self._missing()),
        )
        return f"{self._zone} is reachable again and its processes run; {describe_multi_az(self._reach.aws)}"

    def _zones(self) -> tuple[str, ...]:
        deployment = deployment_of(self._reach.aws)
        return (*deployment.zones, deployment.reader_zone)

    def _ours(self) -> list[str]:
        return [name for name in self._reach.lab.links_touching(self._zone) if name not in self._keep_cut]

    def _cut(self, names: Sequence[str]) -> list[str]:
        states = self._reach.lab.links()
        return [f"{name} is {states[name].mode}" for name in names if states[name].mode != "open"]

    def _open_links(self) -> list[str]:
        states = self._reach.lab.links()
        return [f"{name} is open" for name in self._reach.lab.links_touching(self._zone) if states[name].mode == "open"]

    def _living(self) -> list[str]:
        processes = self._reach.lab.zone_processes(self._zone)
        return [f"{process.name} (process {process.pid}) lives" for process in processes if process.alive]

    def _dead(self) -> list[str]:
        """Programs that do not run; their children (named ``program/child``) come and go by themselves.

        A server that RDS has built anew is another process under the old one's name.
        """
        programs = [process for process in self._reach.lab.zone_processes(self._zone) if "/" not in process.name]
        alive = {program.name for program in programs if program.alive}
        return [f"{name} is dead" for name in sorted({program.name for program in programs} - alive)]

    def _missing(self) -> list[str]:
        return [*self._cut(self._ours()), *self._unserved()] or self._dead()

    def _unserved(self) -> list[str]:
        """What the control plane still misses: the standby of the instance, or the replica in this zone."""
        aws, deployment = self._reach.aws, deployment_of(self._reach.aws)
        try:
            instance = describe_multi_az(aws)
            replica = describe_instance(aws, aws.estate.target.primary_region, deployment.reader)
        except AwsError as error:
            return [f"the API does not answer ({error})"]
        waiting = [] if instance.protected else [str(instance)]
        return waiting + ([] if replica.status == "available" else [f"{replica.identifier} is {replica.status}"])
