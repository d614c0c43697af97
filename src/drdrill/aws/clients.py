"""The one place where AWS clients are made: one session per account and region, with time-outs, bounded retries, a guard."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from drdrill.aws.guard import GLOBAL_SERVICES, refuse_endpoint, refuse_other_account, refuse_region, refuse_unless_lab
from drdrill.errors import NotInjecting
from drdrill.model.estate import Estate

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_sts import STSClient

AwsError = (BotoCoreError, ClientError)
"""All that a boto3 call raises: nobody answered, or the answer was no."""

GLOBAL = "global"
_GLOBAL_SIGNING_REGION = "us-east-1"
_LAB_KEY = "drdrill-lab"


class AwsClients:
    """Clients of one estate. They are made once, and kept; botocore's clients may be shared by threads.

    Raises ``NotInjecting`` for a region outside ``target.allowed_regions``, and for an API address that does not belong to
    the kind of the target. ``connect_s`` and ``read_s`` bound one attempt; ``attempts`` counts the first one too.
    """

    def __init__(self, estate: Estate, *, connect_s: float = 1.0, read_s: float = 5.0, attempts: int = 2) -> None:
        self.estate = estate
        self._config = client_config(connect_s=connect_s, read_s=read_s, attempts=attempts)
        self._client = cache(self._new_client)
        self._account_is_right = False

    def rds(self, region: str) -> RDSClient:
        """Aurora's API in a region."""
        client: RDSClient = self._client("rds", region)
        return client

    def cloudwatch(self, region: str) -> CloudWatchClient:
        """Metrics of a region."""
        client: CloudWatchClient = self._client("cloudwatch", region)
        return client

    def elbv2(self, region: str) -> ElasticLoadBalancingv2Client:
        """Load balancers of a region."""
        client: ElasticLoadBalancingv2Client = self._client("elbv2", region)
        return client

    def dynamodb(self, region: str) -> DynamoDBClient:
        """Tables of a region."""
        client: DynamoDBClient = self._client("dynamodb", region)
        return client

    def eks(self, region: str) -> EKSClient:
        """Kubernetes clusters of a region."""
        client: EKSClient = self._client("eks", region)
        return client

    def ecr(self, region: str) -> ECRClient:
        """Image registries of a region."""
        client: ECRClient = self._client("ecr", region)
        return client

    def route53(self) -> Route53Client:
        """Names and health checks; global."""
        client: Route53Client = self._client("route53", GLOBAL)
        return client

    def cloudfront(self) -> CloudFrontClient:
        """Distributions; global."""
        client: CloudFrontClient = self._client("cloudfront", GLOBAL)
        return client

    def sts(self) -> STSClient:
        """Who we are; asked of the global endpoint, so that a dark region cannot hide it."""
        client: STSClient = self._client("sts", GLOBAL)
        return client

    def endpoint(self, service: str, region: str) -> str | None:
        """The URL of a service's API in a region (None: the real AWS), after the guard has looked at it."""
        target = self.estate.target
        refuse_region(target, service, region)
        place = GLOBAL if service in GLOBAL_SERVICES else region
        url = self.estate.aws_endpoints.get(place)
        refuse_endpoint(target, url)
        return url

    def refuse_to_change_the_wrong_estate(self) -> None:
        """Demand that the target is the lab and that the credentials are its account's, before anything is changed.

        The account is asked for once per process. Raises ``NotInjecting``, also when nobody answers.
        """
        refuse_unless_lab(self.estate.target)
        if self._account_is_right:
            return
        try:
            account_id = self.sts().get_caller_identity()["Account"]
        except AwsError as error:
            raise NotInjecting(
                f"not injecting: could not ask AWS which account the credentials belong to ({error})"
            ) from error
        refuse_other_account(self.estate.target, account_id)
        self._account_is_right = True

    def _new_client(self, service: str, region: str) -> Any:
        url = self.endpoint(service, region)
        signed_for = _GLOBAL_SIGNING_REGION if region == GLOBAL else region
        session: Any = boto3.Session(region_name=signed_for, **credentials(self.estate))
        return session.client(service, endpoint_url=url, config=self._config)


def client_config(*, connect_s: float, read_s: float, attempts: int) -> Config:
    """The time-outs and retries of every client: a dark region must cost a bounded time."""
    return Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )


def credentials(estate: Estate) -> dict[str, Any]:
    """Key words for a session: keys without meaning for the lab, so that a real key never reaches it; else the chain's own."""
    if estate.target.kind != "lab":
        return {}
    return {"aws_access_key_id": _LAB_KEY, "aws_secret_access_key": _LAB_KEY}
