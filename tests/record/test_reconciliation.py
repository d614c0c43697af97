"""The record of the reconciliation: whole or not there, readable by a judge and by a spreadsheet."""

import csv
from pathlib import Path

import pytest

from drdrill.model.reconciliation import ReconciliationRecord, RescuedPayment
from drdrill.record.folder import RecordFolder
from drdrill.record.reconciliation import HEAD, read_reconciliation, save_reconciliation

RECORD = ReconciliationRecord(
    snapshot="rds:unplanned",
    began_ns=1,
    ended_ns=2,
    rescued_transfers=3,
    payments=(
        RescuedPayment(op_id=7, debit=1, credit=2, amount_paise=100_05, settled="re-applied"),
        RescuedPayment(op_id=8, debit=2, credit=3, amount_paise=5, settled="conflict", reason="no, not now"),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> RecordFolder:
    return RecordFolder.create(tmp_path, "a-drill")


def test_what_is_saved_is_read_back(folder: RecordFolder) -> None:
    assert read_reconciliation(folder) is None
    save_reconciliation(folder, RECORD)
    assert read_reconciliation(folder) == RECORD


def test_a_spreadsheet_shows_rupees(folder: RecordFolder) -> None:
    save_reconciliation(folder, RECORD)
    with (folder.root / "reconciliation.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        list(HEAD),
        ["7", "1", "2", "100.05", "re-applied", ""],
        ["8", "2", "3", "0.05", "conflict", "no, not now"],
    ]


def test_a_broken_record_is_refused(folder: RecordFolder) -> None:
    (folder.root / "reconciliation.json").write_text('{"began_ns": "soon"}')
    with pytest.raises(ValueError, match=r"reconciliation\.json is not the record"):
        read_reconciliation(folder)
