"""Probes of the steady state of an RDS Multi-AZ instance: total, and boolean."""

from drdrill.aws.multi_az import deployment_of, describe_instance, describe_multi_az
from drdrill.chaos.activity import Seen, open_scene, probe

__all__ = ["replica_is_available", "standby_protects"]


@probe
def standby_protects() -> Seen:
    """Whether the instance is available, and a standby in another zone holds every commit."""
    seen = describe_multi_az(open_scene().aws)
    return Seen(met=seen.protected, sentence=str(seen))


@probe
def replica_is_available() -> Seen:
    """Whether the read replica beside the instance is available, and still a replica."""
    clients = open_scene().aws
    seen = describe_instance(clients, clients.estate.target.primary_region, deployment_of(clients).reader)
    met = seen.status == "available" and seen.source is not None
    return Seen(met=met, sentence=f"{seen.identifier} is {seen.status}, source {seen.source}")
