"""Lose a whole region: nobody reaches it, its API is silent, its processes are gone; and bring it back without a split brain."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.aws.front_door import Answer, ask
from drdrill.aws.global_cluster import other_region
from drdrill.aws.writer import writer_region
from drdrill.errors import BadInput, EstateError, Unprovable
from drdrill.faults.reach import Reach
from drdrill.model.mark import FENCE_PROVED, HEAL_REFUSED
from drdrill.waiting import wait_until

_SILENCE_S = 0.5
_BACK_S = 60.0


class RegionLoss:
    """``region`` is lost. ``keep_cut`` are links that another fault had cut before: healing this one leaves them cut."""

    name = "region-loss"

    def __init__(self, reach: Reach, *, region: str, keep_cut: Sequence[str] = ()) -> None:
        if region not in reach.estate.target.regions:
            known = ", ".join(reach.estate.target.regions)
            raise BadInput("not injecting", [f"{region!r} is not a region of the target; it has {known}"])
        self._reach = reach
        self._region = region
        self._keep_cut = tuple(keep_cut)
        # Made now: making a client takes longer than the whole injection, and would widen the moment of the disaster.
        self._silent = AwsClients(reach.estate, connect_s=_SILENCE_S, read_s=_SILENCE_S, attempts=1)
        self._silent.rds(region)

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"region": self._region, "keep_cut": list(self._keep_cut)}

    def inject(self) -> None:
        """Cut first, so that nothing a dying server has written still arrives; then silence the API; then kill."""
        lab = self._reach.lab
        lab.cut(lab.links_touching(self._region))
        lab.darken(self._region)
        lab.kill_region(self._region)

    def prove(self) -> str:
        """Look from four sides: links, processes, API, front door. Raises ``Unprovable`` with all that still lives."""
        with ThreadPoolExecutor(2) as both:
            api = both.submit(self._api_answers, self._silent)
            door = both.submit(self._door_answers)
            alive = [*self._open_links(), *self._living(), *self._lit(), *api.result(), *door.result()]
        if alive:
            raise Unprovable(f"the loss of {self._region} is not proved: {'; '.join(alive)}")
        return (
            f"every link that touches {self._region} reads back as cut, its processes are gone, "
            f"and neither its API nor its load balancer answered within {_SILENCE_S:g} s"
        )

    def heal(self) -> None:
        """Bring the region back behind its cut links, prove the fence where one is needed, and only then open them.

        Raises ``Unprovable`` when the fence cannot be proved: the isolation stays, and ``heal.refused`` is marked.
        """
        if not self._hurt():
            return
        fenced = self._needs_fence()
        self._start(fenced)
        if fenced:
            self._prove_fence_or_stay_isolated()
        self._reach.lab.open(self._ours())
        self._reach.lab.lighten(self._region)

    def prove_healed(self) -> str:
        """Wait until links, API and processes are back, and the database is what it must be: writer, or fenced."""
        look = wait_until(
            f"{self._region} is back",
            lambda: None if self._missing() else "back",
            limit_s=_BACK_S,
            every_s=0.2,
            seen=lambda: "; ".join(self._missing()),
        )
        assert look == "back"
        kind = "fenced: it refused a write" if self._needs_fence() else "accepting writes"
        return f"{self._region} is reachable again and its processes run; its database is {kind}"

    def _needs_fence(self) -> bool:
        """Whether the region must not write: another region does, or nobody could say. Doubt fences."""
        other = other_region(self._reach.estate.target, self._region)
        try:
            return writer_region(self._reach.aws, other) != self._region
        except (*AwsError, Unprovable):
            return True

    def _start(self, fenced: bool) -> None:
        if not self._dead() and (not fenced or self._fence_holds()):
            return
        # Half an injection may have left some processes, and a database that still writes: all go before any returns.
        self._reach.lab.kill_region(self._region)
        self._reach.lab.start_region(self._region, fenced=fenced)

    def _prove_fence_or_stay_isolated(self) -> None:
        try:
            wait_until(
                f"the database of {self._region} is fenced",
                lambda: self._fence_holds() or None,
                limit_s=10.0,
                every_s=0.1,
                seen=lambda: self._reach.lab.database(self._region),
            )
        except (Unprovable, EstateError) as error:
            parameters = {"fault": self.name, **self.parameters()}
            self._reach.marks.add(HEAL_REFUSED, "faults.region_loss", **parameters, reason=str(error))
            raise Unprovable(
                f"{self._region} stays isolated: its database was not shown to refuse writes ({error}); "
                "stop that database by hand, then run drdrill heal again"
            ) from error
        self._reach.marks.add(FENCE_PROVED, "faults.region_loss", region=self._region)

    def _fence_holds(self) -> bool:
        database = self._reach.lab.database(self._region)
        return database.running and database.in_recovery is True and database.accepts_writes is False

    def _hurt(self) -> bool:
        return bool(self._dead()) or self._reach.lab.is_dark(self._region) or bool(self._cut_links(self._ours()))

    def _ours(self) -> list[str]:
        return [name for name in self._reach.lab.links_touching(self._region) if name not in self._keep_cut]

    def _cut_links(self, names: Sequence[str]) -> list[str]:
        states = self._reach.lab.links()
        return [f"{name} is {states[name].mode}" for name in names if states[name].mode != "open"]

    def _open_links(self) -> list[str]:
        states = self._reach.lab.links()
        touching = self._reach.lab.links_touching(self._region)
        return [f"{name} is open" for name in touching if states[name].mode == "open"]

    def _living(self) -> list[str]:
        processes = self._reach.lab.region_processes(self._region)
        return [f"{process.name} (process {process.pid}) lives" for process in processes if process.alive]

    def _dead(self) -> list[str]:
        """Programs that do not run. Their children (named ``program/child``) come and go by themselves.

        A database that rejoins is started anew: its first process is dead then, and it runs.
        """
        programs = [process for process in self._reach.lab.region_processes(self._region) if "/" not in process.name]
        alive = {process.name for process in programs if process.alive}
        return [f"{name} is dead" for name in dict.fromkeys(process.name for process in programs) if name not in alive]

    def _lit(self) -> list[str]:
        return [] if self._reach.lab.is_dark(self._region) else ["its API is not dark"]

    def _api_answers(self, aws: AwsClients) -> list[str]:
        try:
            aws.rds(self._region).describe_db_instances()
        except BotoCoreError:
            return []
        except (ClientError, Unprovable) as error:
            # A refusal is an answer too: only silence shows that the API cannot be reached.
            return [f"its API answers ({error})"]
        return ["its API answers"]

    def _door_answers(self) -> list[str]:
        door = self._reach.estate.front_doors[self._region]
        answer = ask(door, "/health", limit_s=_SILENCE_S)
        return [f"its load balancer answers {answer.status}"] if isinstance(answer, Answer) else []

    def _missing(self) -> list[str]:
        missing = self._cut_links(self._ours())
        if self._reach.lab.is_dark(self._region) or not self._api_answers(self._reach.aws):
            missing.append("its API does not answer")
        missing += self._dead()
        database = self._reach.lab.database(self._region)
        fenced = self._needs_fence()
        if fenced and not self._fence_holds():
            missing.append(f"its database is not fenced ({database})")
        if not fenced and not database.accepts_writes:
            missing.append(f"its database refuses writes ({database})")
        return missing
