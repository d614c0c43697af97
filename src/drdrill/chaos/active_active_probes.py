"""Probes of two regions that both serve: total, and boolean."""

from drdrill.aws.front_door import Answer, ask
from drdrill.chaos.activity import Seen, open_scene, probe
from drdrill.runbooks.weighted_routing import serving_regions

__all__ = ["both_regions_serve", "both_regions_take_payments"]


@probe
def both_regions_serve() -> Seen:
    """Whether customers who resolve the name are served by both regions, and every one of them by one."""
    scene = open_scene()
    counted = serving_regions(scene)
    told = ", ".join(f"{region} {count}" for region, count in sorted(counted.items()))
    return Seen(met=set(counted) == set(scene.session.estate.target.regions), sentence=f"served by {told}")


@probe
def both_regions_take_payments() -> Seen:
    """Whether each region says that it can take payments, be it by forwarding them."""
    estate = open_scene().session.estate
    found = {region: ask(estate.front_doors[region], "/ready", limit_s=1.0) for region in estate.target.regions}
    ready = {region: isinstance(answer, Answer) and answer.status == 200 for region, answer in found.items()}
    return Seen(met=all(ready.values()), sentence=f"ready to take payments: {ready}")
