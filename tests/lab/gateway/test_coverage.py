"""The published table is the code's."""

from __future__ import annotations

from pathlib import Path

from drdrill.lab.gateway import coverage

PAGE = Path(__file__).parents[3] / "docs" / "lab-aws-coverage.md"


def test_the_page_is_what_the_code_says() -> None:
    message = "write it again: python -m drdrill.lab.gateway.coverage > docs/lab-aws-coverage.md"
    assert PAGE.read_text() == coverage.as_markdown(), message


def test_no_operation_is_listed_twice() -> None:
    keys = [(entry.service, entry.operation) for entry in coverage.ENTRIES]
    assert len(keys) == len(set(keys))


def test_what_is_not_listed_is_not_in_the_lab() -> None:
    assert coverage.entry_of("rds", "ModifyDBCluster").by == "not in lab"


def test_every_listed_operation_exists() -> None:
    from botocore.session import get_session

    session = get_session()
    for entry in coverage.ENTRIES:
        assert entry.operation in session.get_service_model(entry.service).operation_names, entry
