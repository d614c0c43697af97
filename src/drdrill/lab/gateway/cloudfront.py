"""The one change of a distribution that the lab's edges follow: whether it is enabled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from moto.cloudfront.models import cloudfront_backends

from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.locks import Locks
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.link import LinkState, Mode

Document = dict[str, Any]


class Edges(Protocol):
    """The lab's relays (``LabControl`` is one): a disabled distribution takes no connection."""

    def cut(self, names: list[str], mode: Mode) -> dict[str, LinkState]:
        """Refuse connections, and end those there are."""

    def open(self, names: list[str]) -> dict[str, LinkState]:
        """Take them again."""


class CloudFront:
    """UpdateDistribution, as far as it is about ``Enabled``. ``doors`` maps a distribution's id to the link of its customers."""

    def __init__(self, account_id: str, locks: Locks, doors: Mapping[str, str], edges: Edges | None) -> None:
        self._account_id = account_id
        self._locks = locks
        self._doors = doors
        self._edges = edges

    def operations(self) -> Mapping[str, Operation]:
        """By the names that AWS gave them."""
        return {"UpdateDistribution": self.update_distribution}

    def update_distribution(self, call: Call) -> Document:
        """Enable or disable; on the lab the edges follow at once, on AWS within minutes."""
        if self._edges is None:
            raise NotInLab("edges here", "no supervisor is known that could shut them")
        identifier, config = call.parameters.get("Id", ""), call.parameters["DistributionConfig"]
        with self._locks["cloudfront"]:
            stored = cloudfront_backends[self._account_id]["aws"].distributions.get(identifier)
            if stored is None:
                raise AwsFault("NoSuchDistribution", "The specified distribution does not exist.", 404)
            if call.parameters.get("IfMatch") != stored.etag:
                raise AwsFault("PreconditionFailed", "The If-Match version is not the distribution's current one.", 412)
            _refuse_other_changes(stored, config)
            enabled = bool(config["Enabled"])
            if enabled:
                self._edges.open([self._doors[identifier]])
            else:
                self._edges.cut([self._doors[identifier]], "reset")
            stored.distribution_config.__dict__["Enabled"] = enabled
            stored.etag = f"E{secrets.token_hex(6).upper()}"
            return {"ETag": stored.etag, "Distribution": _document(stored, config)}


def _refuse_other_changes(stored: Any, config: Document) -> None:
    known = {origin.id: origin.domain_name for origin in stored.distribution_config.Origins["Items"]}
    asked = {origin["Id"]: origin["DomainName"] for origin in config.get("Origins", {}).get("Items", [])}
    if asked != known or config.get("CallerReference") != stored.distribution_config.caller_reference:
        raise NotInLab("this change of a distribution", "the edges would not follow; they follow Enabled alone")


def _document(stored: Any, config: Document) -> Document:
    return {
        "Id": stored.id,
        "ARN": stored.arn,
        "Status": "Deployed",
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "InProgressInvalidationBatches": 0,
        "DomainName": stored.domain_name,
        "DistributionConfig": config,
    }
