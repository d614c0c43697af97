"""Of two runs that read the same revision only one can write: against moto's DynamoDB, whose conditions are AWS's."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from drdrill.lambdas.register import KEY, Recovery, Register

TABLE = "recovery"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="ap-south-2")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def test_nothing_written_is_a_fresh_recovery(dynamodb: Any) -> None:
    assert Register(dynamodb, TABLE).read() == (Recovery(), 0)


def test_what_is_written_is_read_back_with_the_next_revision(dynamodb: Any) -> None:
    register = Register(dynamodb, TABLE)
    recovery = Recovery(looks=7, unusable={"one": "it burnt"}, last_look={"front-door": "up: answered 200"})
    assert register.write(recovery, 0)
    assert register.read() == (recovery, 1)


def test_of_two_that_read_the_same_revision_only_the_first_writes(dynamodb: Any) -> None:
    first, second = Register(dynamodb, TABLE), Register(dynamodb, TABLE)
    recovery, revision = first.read()
    assert second.read() == (recovery, revision)
    assert first.write(replace(recovery, phase="declared"), revision)
    assert not second.write(replace(recovery, phase="restoring"), revision)
    assert first.read() == (replace(recovery, phase="declared"), 1)


def test_the_same_holds_for_a_later_revision(dynamodb: Any) -> None:
    register = Register(dynamodb, TABLE)
    assert register.write(Recovery(looks=1), 0)
    assert register.write(Recovery(looks=2), 1)
    assert not register.write(Recovery(looks=3), 1)
    assert register.read() == (Recovery(looks=2), 2)


def test_any_other_refusal_is_an_error(dynamodb: Any) -> None:
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        Register(dynamodb, "nowhere").write(Recovery(), 0)


def test_people_can_read_the_phase_without_opening_the_document(dynamodb: Any) -> None:
    Register(dynamodb, TABLE).write(Recovery(phase="declared"), 0)
    item = dynamodb.get_item(TableName=TABLE, Key={KEY: {"S": "recovery"}})["Item"]
    assert item["phase"] == {"S": "declared"}
