"""The door at which customers come in: a scheme, a name or address, and a port."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from drdrill.errors import BadInput

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Door:
    """Where requests go."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def from_url(cls, url: str) -> Door:
        """The door of ``http://host:port`` or ``https://host``. Raises ``BadInput`` when it is neither."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadInput("nothing is sent", [f"the host {url!r} is not a URL ({error})"]) from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadInput("nothing is sent", [f"the host {url!r} is not of the form http://name:port or https://name"])
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https")

    @property
    def url(self) -> str:
        """The door as a URL."""
        return f"{'https' if self.tls else 'http'}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address, so that there is no name to resolve."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True
