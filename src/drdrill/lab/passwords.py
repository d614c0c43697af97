"""Who may come into the lab's databases, and with which passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from drdrill.model.estate import Address

DATABASE = "bank"
ADMIN = "admin"
APPLICATION = "bank"
AUDITOR = "auditor"
REPLICATOR = "replicator"
OPERATOR = "operator"


def new_password() -> str:
    """A fresh password; its letters need no quoting anywhere."""
    return secrets.token_urlsafe(18)


@dataclass(frozen=True)
class Passwords:
    """One fresh password per role and lab."""

    by_role: dict[str, str] = field(
        default_factory=lambda: {role: new_password() for role in (ADMIN, APPLICATION, AUDITOR, OPERATOR, REPLICATOR)}
    )

    def __getitem__(self, role: str) -> str:
        return self.by_role[role]


def connection_string(place: Address, role: str, password: str, database: str = DATABASE) -> str:
    """How ``role`` reaches a database at this address."""
    who = f"user={role} password={password}"
    return f"host={place.host} port={place.port} dbname={database} {who} connect_timeout=5"
