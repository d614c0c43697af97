"""What is missing is named; an estate that names its endpoints names all of them."""

import json

import pytest

from drdrill.lambdas.setting import ENDPOINTS, Place, client, optional


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIMARY_REGION", "ap-south-1")
    monkeypatch.delenv("RECOVERY_REGION", raising=False)
    with pytest.raises(ValueError, match="the environment variable RECOVERY_REGION is missing"):
        Place.from_environment()


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THRESHOLD", "")
    assert optional("THRESHOLD", "3") == "3"


def test_a_lab_never_falls_back_to_the_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region that the endpoints do not name is an error, and not a call to AWS."""
    monkeypatch.setenv(ENDPOINTS, json.dumps({"ap-south-2": "http://127.0.0.1:1"}))
    assert client("rds", "ap-south-2").meta.endpoint_url == "http://127.0.0.1:1"
    with pytest.raises(KeyError, match="ap-south-1"):
        client("rds", "ap-south-1")


def test_without_endpoints_it_is_the_real_aws_in_the_region_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINTS, raising=False)
    assert client("rds", "ap-south-2").meta.endpoint_url == "https://rds.ap-south-2.amazonaws.com"
