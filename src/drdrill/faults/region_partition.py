"""Part a region from the other region and from everybody who watches or steers it; its customers still reach it.

Its database goes on taking writes that nobody else hears of. Promote the other region's without a fence, and two write.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drdrill.aws.clients import AwsClients
from drdrill.errors import BadInput, Unprovable
from drdrill.faults.reach import Reach
from drdrill.faults.region_loss import RegionLoss

_SILENCE_S = 0.5


class RegionPartition:
    """``region`` is parted from the rest of the estate, and not from the edge that its customers come through.

    ``keep_cut`` are links that another fault had cut before: healing this one leaves them cut.
    """

    name = "region-partition"

    def __init__(self, reach: Reach, *, region: str, keep_cut: list[str] | None = None) -> None:
        if region not in reach.estate.target.regions:
            known = ", ".join(reach.estate.target.regions)
            raise BadInput("not injecting", [f"{region!r} is not a region of the target; it has {known}"])
        self._reach = reach
        self._region = region
        self._keep_cut = list(keep_cut or ())
        self._silent = AwsClients(reach.estate, connect_s=_SILENCE_S, read_s=_SILENCE_S, attempts=1)
        self._silent.rds(region)

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"region": self._region, "keep_cut": self._keep_cut}

    def inject(self) -> None:
        """Cut every link but the customers', all in one turn of the relays, and silence the API."""
        self._reach.lab.cut(self._parted())
        self._reach.lab.darken(self._region)

    def prove(self) -> str:
        """Look at both sides of it: nobody who steers reaches the region, and its customers do."""
        states = self._reach.lab.links()
        wrong = [f"{name} is open" for name in self._parted() if states[name].mode == "open"]
        if not self._reach.lab.is_dark(self._region) or self._api_answers():
            wrong.append("its API answers")
        wrong += [f"{name} is {states[name].mode}" for name in self._customers() if states[name].mode != "open"]
        if not self._is_alive():
            wrong.append("its programs do not run, so this is a loss and not a partition")
        if wrong:
            raise Unprovable(f"the partition of {self._region} is not proved: {'; '.join(wrong)}")
        return (
            f"{len(self._parted())} links of {self._region} read back as cut, its API did not answer within "
            f"{_SILENCE_S:g} s, and its customers' link is open"
        )

    def heal(self) -> None:
        """Open the links, but where another region writes now the database comes back fenced, or the isolation stays.

        Raises ``Unprovable`` when the fence cannot be proved.
        """
        self._as_a_loss().heal()

    def prove_healed(self) -> str:
        """Wait until links, API and programs are back, and the database is what it must be: writer, or fenced."""
        return self._as_a_loss().prove_healed()

    def _as_a_loss(self) -> RegionLoss:
        """Bringing a region back is one and the same, whether it was lost or only parted."""
        return RegionLoss(self._reach, region=self._region, keep_cut=self._keep_cut)

    def _customers(self) -> list[str]:
        return [name for name in self._reach.lab.links_touching(self._region) if name.startswith("edge-")]

    def _parted(self) -> list[str]:
        customers = self._customers()
        return [name for name in self._reach.lab.links_touching(self._region) if name not in customers]

    def _is_alive(self) -> bool:
        processes = self._reach.lab.region_processes(self._region)
        programs = {process.name for process in processes if "/" not in process.name}
        return programs <= {process.name for process in processes if process.alive}

    def _api_answers(self) -> bool:
        try:
            self._silent.rds(self._region).describe_db_instances()
        except BotoCoreError:
            return False
        except (ClientError, Unprovable):
            return True  # a refusal is an answer, too
        return True
