"""Keeping the reconciliation: as JSON for the judge, and as CSV for the accountant."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import ValidationError

from drdrill.model.reconciliation import ReconciliationRecord
from drdrill.record.folder import RecordFolder, write_durably

HEAD = ("operation", "from account", "to account", "amount in rupees", "settled", "reason")


def save_reconciliation(folder: RecordFolder, record: ReconciliationRecord) -> None:
    """Write ``reconciliation.csv`` and then ``reconciliation.json``; the record is there when the latter is."""
    write_durably(_csv_of(folder), as_csv(record).encode(), mode=0o644)
    write_durably(_json_of(folder), (record.model_dump_json(indent=1) + "\n").encode())


def read_reconciliation(folder: RecordFolder) -> ReconciliationRecord | None:
    """The record of the reconciliation step, or None when there was none. Raises ``ValueError`` when it cannot be read."""
    path = _json_of(folder)
    if not path.is_file():
        return None
    try:
        return ReconciliationRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(
            f"{path.name} is not the record of a reconciliation ({error.error_count()} problems)"
        ) from error


def as_csv(record: ReconciliationRecord) -> str:
    """One line for each rescued payment. Cells cannot be formulas: every one is a number or one of our own words."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEAD)
    for one in record.payments:
        rupees = f"{one.amount_paise // 100}.{one.amount_paise % 100:02d}"
        lines.writerow((one.op_id, one.debit, one.credit, rupees, one.settled, one.reason))
    return text.getvalue()


def _json_of(folder: RecordFolder) -> Path:
    return folder.root / "reconciliation.json"


def _csv_of(folder: RecordFolder) -> Path:
    return folder.root / "reconciliation.csv"
