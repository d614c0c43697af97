"""Probes for databases that the bank replicates by itself."""

from drdrill.chaos.activity import Seen, open_scene, probe
from drdrill.errors import Unprovable
from drdrill.native.opening import replica_in

__all__ = ["native_pair_is_ready"]


@probe
def native_pair_is_ready() -> Seen:
    """Whether both servers pass their self-checks: versions, rights, roles, and a standby that receives the log."""
    estate = open_scene().session.estate
    wrong = []
    for region in estate.target.regions:
        try:
            checks = replica_in(estate, region).checks()
        except Unprovable as error:
            wrong.append(str(error))
            continue
        wrong += [f"{region}: {check.name}: {check.seen}; {check.todo}" for check in checks if not check.ok]
    return Seen(met=not wrong, sentence="; ".join(wrong) or "both servers pass every check")
