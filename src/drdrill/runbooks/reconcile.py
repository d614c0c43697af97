"""The reconciliation: lost payments that can be rescued are re-applied, the others listed. Documented in docs/failback.md.

It runs after the writers have stopped and the loss was read: what it settles is still a loss, because the bank ran without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from psycopg.conninfo import make_conninfo

from drdrill.aws.clients import AwsError
from drdrill.aws.writer import agreed_writer
from drdrill.errors import DrillError, Unprovable
from drdrill.model.mark import RECONCILIATION_ENDED, RECONCILIATION_STARTED, RESCUE_RESTORED, Mark
from drdrill.model.reconciliation import ReconciliationRecord
from drdrill.record.marks import read_marks
from drdrill.record.reconciliation import save_reconciliation
from drdrill.runbooks.reapply import settle
from drdrill.runbooks.rescued_books import compare_books
from drdrill.runbooks.scene import Scene

SOURCE = "runbooks.reconcile"
_TELL_EVERY = 500

Tell = Callable[[str], None]


def reconcile_lost_writes(scene: Scene, tell: Tell) -> ReconciliationRecord:
    """Compare the rescued books with the surviving ones, settle every difference, and save the record.

    Marks ``reconciliation.started`` and ``reconciliation.ended``. What keeps it from its end is in the record's ``problem``.
    """
    started = scene.marks.add(RECONCILIATION_STARTED, SOURCE)
    try:
        record = _settled(scene, started, tell)
    except (DrillError, *AwsError) as error:
        record = ReconciliationRecord(began_ns=started.at_ns, ended_ns=time.monotonic_ns(), problem=str(error))
    save_reconciliation(scene.folder, record)
    told = {"problem": record.problem} if record.problem else {"payments": len(record.payments)}
    scene.marks.add(RECONCILIATION_ENDED, SOURCE, **told)
    tell(f"reconciliation: {record.problem or f'{len(record.payments)} rescued payments settled'}")
    return record


def _settled(scene: Scene, started: Mark, tell: Tell) -> ReconciliationRecord:
    rescue = _newest_rescue(scene)
    region, cluster = str(rescue.detail["region"]), str(rescue.detail["cluster"])
    writer = agreed_writer(scene.aws)
    comparison = compare_books(_rescued_dsn(scene, region, cluster), scene.session.estate.ledgers[writer])
    tell(f"reconciling {len(comparison.differences)} of {comparison.rescued} rescued transfers")
    payments = []
    for number, difference in enumerate(comparison.differences, start=1):
        payments.append(settle(difference, scene.session.estate.front_doors[writer]))
        if number % _TELL_EVERY == 0:
            tell(f"reconciling: {number} of {len(comparison.differences)}")
    return ReconciliationRecord(
        snapshot=str(rescue.detail["snapshot"]),
        rescue_cluster=cluster,
        rescue_region=region,
        into_region=writer,
        began_ns=started.at_ns,
        ended_ns=time.monotonic_ns(),
        rescued_transfers=comparison.rescued,
        payments=tuple(payments),
    )


def _newest_rescue(scene: Scene) -> Mark:
    marks, _ = read_marks(scene.folder.marks)
    found = [mark for mark in marks if mark.name == RESCUE_RESTORED]
    if not found:
        raise Unprovable("nothing was reconciled: the drill rescued no writes (no snapshot was restored)")
    return found[-1]


def _rescued_dsn(scene: Scene, region: str, cluster: str) -> str:
    """A reader of the rescued books: the same account as for the region's own, at the restored cluster's endpoint."""
    (found,) = scene.aws.rds(region).describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
    return make_conninfo(scene.session.estate.ledgers[region], host=found["Endpoint"], port=found["Port"])
