"""The door for the lab's supervisor: make a region dark, ask how things are."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any

from drdrill.lab.gateway.darkness import Darkness

Document = dict[str, Any]
_TOKEN = "HTTP_X_LAB_TOKEN"  # noqa: S105 (the name of a header, not a token)


class Admin:
    """A WSGI application: ``POST /dark {"region", "dark"}``, ``GET /status``; answers only with the lab's token."""

    def __init__(self, token: str, regions: Iterable[str], darkness: Darkness, status: Callable[[], Document]) -> None:
        self._token = token
        self._regions = frozenset(regions)
        self._darkness = darkness
        self._status = status

    def __call__(
        self, environ: Document, start_response: Callable[[str, list[tuple[str, str]]], object]
    ) -> list[bytes]:
        """WSGI."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, document = self._answer(environ, body)
        content = json.dumps(document).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, environ: Document, body: bytes) -> tuple[str, Document]:
        if not hmac.compare_digest(environ.get(_TOKEN, "").encode(), self._token.encode()):
            return "403 Forbidden", {"error": "nothing was done: the lab's token is missing or wrong"}
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/status":
                return "200 OK", self._status()
            case "POST", "/dark":
                return self._set_dark(body)
        return "404 Not Found", {"error": f"nothing was done: there is no {environ['PATH_INFO']}"}

    def _set_dark(self, body: bytes) -> tuple[str, Document]:
        try:
            asked = json.loads(body)
            region, dark = asked["region"], asked["dark"]
        except (ValueError, KeyError, TypeError):
            return "400 Bad Request", {
                "error": 'nothing was done: the body must be {"region": ..., "dark": true or false}'
            }
        if region not in self._regions or not isinstance(dark, bool):
            known = ", ".join(sorted(self._regions))
            return "400 Bad Request", {"error": f"nothing was done: regions are {known}, dark is true or false"}
        self._darkness.set(region, dark)
        return "200 OK", {"dark": sorted(self._darkness.regions)}
