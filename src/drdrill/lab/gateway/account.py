"""Who the caller is, and what the account does not have."""

from __future__ import annotations

from typing import Any

from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation


class Account:
    """The one account of the lab."""

    def __init__(self, account_id: str) -> None:
        self._id = account_id

    def sts_operations(self) -> dict[str, Operation]:
        """STS, by the names that AWS gave them."""
        return {"GetCallerIdentity": self.get_caller_identity}

    def ecr_operations(self) -> dict[str, Operation]:
        """ECR, by the names that AWS gave them."""
        return {"DescribeRepositories": self.describe_repositories}

    def get_caller_identity(self, _call: Call) -> dict[str, Any]:
        """Whatever the keys are, they belong to the target's account."""
        return {"UserId": "AIDADRDRILLLAB", "Account": self._id, "Arn": f"arn:aws:iam::{self._id}:user/drdrill"}

    def describe_repositories(self, call: Call) -> dict[str, Any]:
        """There is none: the lab's workers run from no image."""
        asked = call.parameters.get("repositoryNames") or []
        if asked:
            message = f"The repository with name '{asked[0]}' does not exist in the registry with id '{self._id}'"
            raise AwsFault("RepositoryNotFoundException", message)
        return {"repositories": []}
