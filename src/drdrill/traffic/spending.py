"""Customers whose payment was lost spend what they still seem to have: what turns a lost payment into a conflict.

The bank that survived never heard of the first payment, so it lets them spend the money once more. When the lost payment is
rescued later, the funds for it are gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from drdrill.aws.clients import AwsClients
from drdrill.aws.writer import agreed_writer
from drdrill.errors import Unprovable
from drdrill.model.estate import Session
from drdrill.model.operation import Kind, Outcome
from drdrill.record.folder import RecordFolder
from drdrill.record.operations import read_operations
from drdrill.traffic.briefing import Briefing
from drdrill.traffic.journeys import TRANSFER, Errand
from drdrill.traffic.transfers import send_transfers

_SPENDABLE = """
SELECT account, balance_paise - floor_paise FROM accounts WHERE account = ANY(%s) AND balance_paise > floor_paise
"""


def spend_all(session: Session, folder: RecordFolder, *, payers_of: int, customers: int, recorder: int) -> list[int]:
    """Let the first ``customers`` who paid in the record of recorder ``payers_of`` pay out all they have; returns the ids.

    They are recorded by recorder number ``recorder``. Raises ``Unprovable`` when there are fewer such customers.
    """
    payers = _payers(folder, payers_of)[:customers]
    accounts = Briefing.of(session).traffic.accounts
    errands = list(_errands(_spendable(session, payers), payers, accounts))
    if len(errands) < customers:
        raise Unprovable(f"only {len(errands)} of {customers} customers have anything to spend")
    return send_transfers(session, customers, recorder, errands=iter(errands))


def _payers(folder: RecordFolder, recorder: int) -> list[int]:
    """Who paid, in the order in which they did, each once."""
    operations, *_ = read_operations(folder.operations / f"transfers-{recorder}.ops")
    acked = operations[(operations["outcome"] == Outcome.ACKED) & (operations["kind"] == Kind.WRITE)]
    return list(dict.fromkeys(acked["debit"].tolist()))


def _spendable(session: Session, payers: list[int]) -> dict[int, int]:
    region = agreed_writer(AwsClients(session.estate))
    try:
        with psycopg.connect(session.estate.ledgers[region], connect_timeout=5) as books:
            return dict(books.execute(_SPENDABLE.encode(), (payers,)).fetchall())
    except psycopg.Error as error:
        raise Unprovable(f"nobody spends anything: the books in {region} cannot be read ({error})") from error


def _errands(spendable: dict[int, int], payers: list[int], accounts: int) -> Iterator[Errand]:
    """Each pays somebody who is none of them: what one spends must not be what the next one has."""
    receiver = next(account for account in range(accounts - 1, -1, -1) if account not in payers)
    for account in payers:
        if account in spendable:
            yield Errand(TRANSFER, Kind.WRITE, spendable[account], account, receiver)
