"""One who asks the books themselves, after a drill and before the lab closes, what they lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.independent_sql import lost_according_to_the_database

from drdrill.aws.clients import AwsClients
from drdrill.model.estate import Estate
from drdrill.pytest_plugin import Rehearsed


class Auditor:
    """Counts by SQL, from the raw slots of the record, without the judge. To be given to ``drill`` as ``inspect``."""

    def __init__(self, evidence: Path, region: str) -> None:
        self._evidence = evidence
        self._region = region
        self.lost = self.lost_paise = self.acked = -1

    def __call__(self, estate: Estate) -> None:
        """Count, while the estate is still open."""
        self.ask(estate.ledgers[self._region])

    def ask(self, dsn: str) -> None:
        """Count what this database lacks."""
        self.lost, self.lost_paise, self.acked = lost_according_to_the_database(self._evidence, dsn)

    def agrees_with(self, rehearsed: Rehearsed) -> None:
        """Demand that the report's loss is the one that was counted, and that enough was acknowledged to say anything."""
        told = rehearsed.judgement.loss.classes["lost"]
        assert (told.operations, told.paise) == (self.lost, self.lost_paise)
        assert self.acked > 100, "too few payments were acknowledged to say anything"


def instances_of(estate: Estate, region: str) -> Iterator[tuple[str, str]]:
    """Name and connection string of every instance of a region's Aurora cluster, as the AWS API names their addresses."""
    cluster = estate.target.aurora.clusters[region]
    found = (
        AwsClients(estate).rds(region).describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": [cluster]}])
    )
    for instance in found["DBInstances"]:
        endpoint = instance.get("Endpoint", {})
        where = {"host": endpoint.get("Address"), "port": endpoint.get("Port")}
        known = {**conninfo_to_dict(estate.ledgers[region]), **where}
        yield instance.get("DBInstanceIdentifier", ""), make_conninfo("", **known)
