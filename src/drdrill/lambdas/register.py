"""The register of the recovery: one item of a DynamoDB table in the recovery region, changed by compare-and-set.

Everything that the monitor knows from one run to the next is here, so it may be run twice, or twice at once: of two runs that
read the same revision only one can write.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

from .setting import code_of

KEY = "record_id"
RECOVERY = "recovery"
SNAPSHOT = "snapshot/"

Phase = Literal["watching", "declared", "restoring", "available"]


@dataclass(frozen=True)
class Recovery:
    """How far the recovery is. Times are ISO 8601 in UTC, empty while it has not happened.

    ``failed_in_a_row`` counts looks in which every vantage found the primary gone, since ``first_failed_at``. ``unusable`` maps
    a snapshot to why no database can be made from it; ``passed_over`` one that was newer than the chosen and not
    finished. ``attempt`` counts the restores that were begun. ``problem`` is empty while there is a way on.
    """

    phase: Phase = "watching"
    looks: int = 0
    failed_in_a_row: int = 0
    looked_at: str = ""
    first_failed_at: str = ""
    seen_up_at: str = ""
    last_look: dict[str, str] = field(default_factory=dict)
    declared_at: str = ""
    attempt: int = 0
    snapshot: str = ""
    snapshot_cut_at: str = ""
    instance: str = ""
    unusable: dict[str, str] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)
    available_at: str = ""
    endpoint: str = ""
    problem: str = ""

    def given_up(self, because: str) -> Recovery:
        """The same, after no database could be made from the chosen snapshot: another one is to be chosen."""
        return replace(self, phase="declared", unusable={**self.unusable, self.snapshot: because})


class Register:
    """The item ``recovery`` of the table. ``dynamodb`` is boto3's client of the recovery region."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> tuple[Recovery, int]:
        """The recovery and its revision; a fresh one of revision 0 when nothing was ever written."""
        found = self._dynamodb.get_item(TableName=self._table, Key={KEY: {"S": RECOVERY}}, ConsistentRead=True)
        item = found.get("Item")
        if item is None:
            return Recovery(), 0
        return Recovery(**json.loads(item["document"]["S"])), int(item["revision"]["N"])

    def write(self, recovery: Recovery, revision: int) -> bool:
        """Put ``recovery`` in the place of ``revision``; False when another run was faster, and nothing was written."""
        item = {
            KEY: {"S": RECOVERY},
            "revision": {"N": str(revision + 1)},
            "phase": {"S": recovery.phase},
            "document": {"S": json.dumps(asdict(recovery), sort_keys=True)},
        }
        condition: dict[str, Any] = {"ConditionExpression": f"attribute_not_exists({KEY})"}
        if revision:
            condition = {
                "ConditionExpression": "revision = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(revision)}},
            }
        try:
            self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True
