"""A region is read from a name only when the name really holds one."""

import pytest

from drdrill.aws.global_cluster import region_of
from drdrill.aws.residency import _region_in


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bank-mumbai-2778697581.ap-south-1.elb.amazonaws.com", "ap-south-1"),
        ("bank.us-gov-west-1.elb.amazonaws.com", "us-gov-west-1"),
        ("bank-mumbai-1.example", "bank-mumbai-1.example"),
        ("origin.example", "origin.example"),
    ],
)
def test_a_host_without_a_region_is_nowhere(host: str, region: str) -> None:
    """And what is nowhere is in no allowed region."""
    assert _region_in(host) == region


def test_a_region_is_read_from_an_arn() -> None:
    assert region_of("arn:aws:rds:ap-south-2:123456789012:cluster:bank") == "ap-south-2"
    assert region_of("arn:aws:cloudfront::123456789012:distribution/E1") == ""
    assert region_of("bank") == ""
