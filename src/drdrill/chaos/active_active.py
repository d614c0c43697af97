"""Actions for two regions that both serve: take one out of the rotation, put it back, wait until all customers are in one."""

from drdrill.chaos.activity import action, open_scene
from drdrill.runbooks import second_zone, weighted_routing

__all__ = ["put_into_rotation", "put_second_zone_in_place", "take_out_of_rotation", "wait_until_served_by"]


@action
def take_out_of_rotation(region: str) -> str:
    """Give a region's Route 53 record the weight 0: new answers no longer name it."""
    return weighted_routing.set_weight(open_scene().aws, region, 0)


@action
def put_into_rotation(region: str, weight: int = 50) -> str:
    """Give a region's Route 53 record its weight back."""
    return weighted_routing.set_weight(open_scene().aws, region, weight)


@action
def wait_until_served_by(region: str, limit_s: float = 60.0) -> str:
    """Wait until every customer who resolves the name is served by this region."""
    return weighted_routing.wait_until_served_by(open_scene(), region, limit_s=limit_s)


@action
def put_second_zone_in_place(region: str, instance_class: str = "db.r6g.large", limit_s: float = 1800.0) -> str:
    """Give the region's cluster an instance in another zone, unless it has one, and wait until both hold every commit."""
    scene = open_scene()
    return second_zone.put_second_zone_in_place(scene, region, instance_class=instance_class, limit_s=limit_s)
