"""Asking a region's shelf, from a process that has threads and no event loop."""

from __future__ import annotations

import http.client
import json
from typing import Any

from drdrill.errors import EstateError
from drdrill.lab.control import TOKEN_HEADER
from drdrill.lab.snapshots.shelf import Snapshot
from drdrill.model.estate import Address

ANSWER_S = 2.0


class ShelfClient:
    """One region's shelf. Every method raises ``EstateError`` when it does not answer, or says no."""

    def __init__(self, address: Address, token: str) -> None:
        self._address = address
        self._token = token

    def snapshots(self) -> list[Snapshot]:
        """Everything on the shelf."""
        return [Snapshot.model_validate(one) for one in json.loads(self._ask("GET", "/snapshots"))["snapshots"]]

    def begin(self, identifier: str, source: str | None) -> None:
        """Take a snapshot of the region's server, or copy ``source`` from the other region."""
        self._ask("POST", "/snapshots", {"identifier": identifier, "source": source})

    def remove(self, identifier: str) -> None:
        """Remove a snapshot."""
        self._ask("DELETE", f"/snapshots/{identifier}")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        connection = http.client.HTTPConnection(self._address.host, self._address.port, timeout=ANSWER_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {TOKEN_HEADER: self._token})
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EstateError(f"the shelf of snapshots at {self._address} does not answer ({error})") from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise EstateError(said.decode(errors="replace"))
        return said
