"""What must hold before an AWS API is called, or an estate is hurt: sentences that refuse, none that warn."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from drdrill.errors import NotInjecting
from drdrill.model.target import Target

GLOBAL_SERVICES = frozenset({"route53", "cloudfront", "iam", "sts"})
"""Services without a region of their own: exempt from the list of allowed regions."""


def refuse_unless_lab(target: Target) -> None:
    """Refuse every estate but the lab: what protects a real one does not exist yet. Raises ``NotInjecting``."""
    if target.kind != "lab":
        raise NotInjecting(
            f"not injecting: target {target.name!r} is of kind {target.kind!r}, and the guard for real estates "
            "does not exist yet; point the drill at a target of kind 'lab'"
        )


def refuse_region(target: Target, service: str, region: str) -> None:
    """Refuse a region where the target may not keep data. Raises ``NotInjecting``."""
    if service not in GLOBAL_SERVICES and region not in target.allowed_regions:
        raise NotInjecting(
            f"not calling {service} in {region}: target {target.name!r} allows {', '.join(target.allowed_regions)} only; "
            "correct the region, or allowed_regions in the target file"
        )


def refuse_endpoint(target: Target, url: str | None) -> None:
    """Refuse a lab whose API is not on this machine, and the reverse. Raises ``NotInjecting``.

    A lab drill that reached the real AWS, or a real one that reached a lab, would be a statement about the wrong estate.
    """
    if target.kind == "lab" and not (url and is_loopback(url)):
        raise NotInjecting(
            f"not calling AWS: target {target.name!r} is a lab, but its API address is {url or 'the real AWS'}; "
            "a lab's addresses are on the loopback network"
        )
    if target.kind == "aws" and url is not None:
        raise NotInjecting(
            f"not calling AWS: target {target.name!r} is a real estate, but its API address is {url}; "
            "a real estate has no addresses of its own"
        )


def is_loopback(url: str) -> bool:
    """Whether the address inside ``url`` is on this machine's loopback network. A name is not: it may resolve anywhere."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_other_account(target: Target, account_id: str) -> None:
    """Refuse credentials of another account than the target's. Raises ``NotInjecting``."""
    if account_id != target.account_id:
        raise NotInjecting(
            f"not injecting: the credentials belong to account {account_id}, target {target.name!r} is in "
            f"{target.account_id}; use the credentials of the target's account"
        )
