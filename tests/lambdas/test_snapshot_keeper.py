"""One name for each interval, so one snapshot, whoever takes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from drdrill.lambdas.register import KEY
from drdrill.lambdas.setting import ENDPOINTS, _client
from drdrill.lambdas.snapshot_keeper import handler, name_of_now

QUARTER_S = 900


def at(hour: int, minute: int, second: int = 0) -> str:
    return name_of_now("bank", datetime(2026, 11, 24, hour, minute, second, tzinfo=UTC), QUARTER_S)


def test_the_name_is_that_of_the_interval() -> None:
    assert at(9, 30) == at(9, 37) == at(9, 44, 59) == "bank-20261124t093000z"
    assert at(9, 45) == "bank-20261124t094500z"


def test_names_of_ten_second_intervals_differ() -> None:
    began = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    names = {name_of_now("bank", began + timedelta(seconds=second), 10) for second in range(60)}
    assert len(names) == 6


def test_the_name_is_one_that_rds_takes() -> None:
    """Letters, digits and single hyphens; begins with a letter, ends with none."""
    name = at(9, 30)
    assert name.replace("-", "").isalnum()
    assert name[0].isalpha() and not name.endswith("-") and "--" not in name and len(name) <= 255


MUMBAI, HYDERABAD, TABLE, DATABASE = "ap-south-1", "ap-south-2", "recovery", "bank"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A keeper's environment, against moto's RDS and DynamoDB in two regions."""
    environment = {
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing"),
        "PRIMARY_REGION": MUMBAI,
        "RECOVERY_REGION": HYDERABAD,
        "TABLE": TABLE,
        "DB_INSTANCE": DATABASE,
        "SNAPSHOT_INTERVAL_S": "900000000",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(ENDPOINTS, raising=False)
    with mock_aws():
        boto3.client("dynamodb", region_name=HYDERABAD).create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        boto3.client("rds", region_name=MUMBAI).create_db_instance(
            DBInstanceIdentifier=DATABASE,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            StorageEncrypted=True,
        )
        _client.cache_clear()
        yield
    _client.cache_clear()


def test_run_by_run_it_takes_copies_and_notes_one_snapshot(told: None) -> None:
    """A run does what can be done now; the one after goes on, and then there is nothing to do before the next interval."""
    runs = [handler({}, None) for _ in range(4)]
    (name,) = {str(run["taken"]) for run in runs} - {""}
    assert [bool(run["taken"]) for run in runs] == [True, False, False, False]
    assert [run["copied"] for run in runs].count(name) == 1
    assert [run["noted"] for run in runs].count(name) == 1
    assert not any(runs[-1].values())


def test_an_encrypted_snapshot_is_copied_under_a_key_of_the_recovery_region(
    told: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one AWS refuses to copy it to another region."""
    key = boto3.client("kms", region_name=HYDERABAD).create_key()["KeyMetadata"]["Arn"]
    monkeypatch.setenv("KMS_KEY_ID", key)
    for _ in range(3):
        handler({}, None)
    (copy,) = boto3.client("rds", region_name=HYDERABAD).describe_db_snapshots()["DBSnapshots"]
    assert copy["KmsKeyId"] == key and copy["Encrypted"]
