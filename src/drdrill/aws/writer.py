"""Who writes: the region that holds the authoritative database, as the control plane of the data strategy says."""

from __future__ import annotations

from collections.abc import Callable

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.aws.global_cluster import describe_global_cluster
from drdrill.aws.multi_az import writer_of_multi_az
from drdrill.aws.snapshots import writer_of_snapshots
from drdrill.errors import Unprovable
from drdrill.model.strategy import DataStrategy
from drdrill.native.opening import native_writer

AskWriter = Callable[[AwsClients, str], str | None]
"""Given clients and the region to ask: the region that writes, or None while nobody does. Raises as ``writer_region``."""


def _of_the_global_database(aws: AwsClients, region: str) -> str | None:
    return describe_global_cluster(aws, region).writer_region


def _of_the_pair(aws: AwsClients, region: str) -> str | None:
    return native_writer(aws.estate, region)


ASK: dict[DataStrategy, AskWriter] = {
    "aurora-global": _of_the_global_database,
    "multi-az": writer_of_multi_az,
    "native-replication": _of_the_pair,
    "snapshot-copy": writer_of_snapshots,
}


def writer_region(aws: AwsClients, region: str) -> str | None:
    """The region that writes, as ``region`` sees it; None while nobody may.

    Raises ``Unprovable`` when the strategy has nobody to ask, and boto3's own errors (``AwsError``) when the region does not
    answer.
    """
    strategy = aws.estate.strategy.data
    ask = ASK.get(strategy)
    if ask is None:
        raise Unprovable(f"nobody can be asked who writes: {strategy} has no control plane here")
    return ask(aws, region)


def agreed_writer(aws: AwsClients) -> str:
    """The region that writes; the recovery region is asked first, because the primary may be dark.

    Raises ``Unprovable`` when nobody can say.
    """
    seen = []
    target = aws.estate.target
    for region in (target.recovery_region, target.primary_region):
        try:
            writer = writer_region(aws, region)
        except (*AwsError, Unprovable) as error:
            seen.append(f"{region}: {error}")
            continue
        if writer is not None:
            return writer
        seen.append(f"{region}: nobody writes")
    raise Unprovable(f"no region says who the writer is ({'; '.join(seen)})")
