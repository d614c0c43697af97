"""Lines that only holders of the drill's token can write: one JSON object and its HMAC-SHA256, bound to one connection.

Both sides begin with a random greeting; both greetings go into every seal, so a line heard on one connection means nothing on
another. Nothing secret is in the lines. They are authentic, not hidden.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
from dataclasses import dataclass
from typing import Any

LINE_BYTES_MAX = 4096
_GREETING_BYTES = 16


class Unsealed(Exception):
    """A line that no holder of the token wrote, or no line at all."""


@dataclass(frozen=True)
class Seal:
    """The token of a drill, and the greetings of one connection."""

    token: str
    greetings: bytes

    def close(self, side: str, message: dict[str, Any]) -> bytes:
        """The message as a line, written by ``side`` ("drill" or "worker": nobody's words come back as another's)."""
        body = json.dumps(message, separators=(",", ":")).encode()
        return self._tag(side, body) + b" " + body + b"\n"

    def open(self, side: str, line: bytes) -> dict[str, Any]:
        """The message of a line that ``side`` wrote. Raises ``Unsealed``."""
        tag, _, body = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or not hmac.compare_digest(tag, self._tag(side, body)):
            raise Unsealed(f"{len(line)} bytes that do not carry the seal of this drill")
        message: dict[str, Any] = json.loads(body)
        return message

    def _tag(self, side: str, body: bytes) -> bytes:
        key = self.token.encode() + self.greetings
        return hmac.new(key, side.encode() + b"\0" + body, hashlib.sha256).hexdigest().encode()


class Line:
    """One connection, over which lines go to and fro. Whoever opens it greets first."""

    def __init__(self, connection: socket.socket, token: str, side: str, limit_s: float) -> None:
        connection.settimeout(limit_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._held = b""
        self._side = side
        self._other = "worker" if side == "drill" else "drill"
        self._seal = Seal(token, self._greet())

    def send(self, message: dict[str, Any]) -> None:
        """Write one line."""
        self._connection.sendall(self._seal.close(self._side, message))

    def hear(self) -> dict[str, Any] | None:
        """Read one line; None when the other side has ended. Raises ``Unsealed``, or ``OSError``."""
        line = self._read_line()
        return self._seal.open(self._other, line) if line else None

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _greet(self) -> bytes:
        mine = secrets.token_hex(_GREETING_BYTES).encode() + b"\n"
        self._connection.sendall(mine)
        theirs = self._read_line()
        if len(theirs) != len(mine):
            raise Unsealed("the other side did not greet")
        return mine + theirs if self._side == "worker" else theirs + mine

    def _read_line(self) -> bytes:
        while b"\n" not in self._held:
            part = self._connection.recv(LINE_BYTES_MAX)
            if not part:
                return b""
            self._held += part
            if len(self._held) > LINE_BYTES_MAX:
                raise Unsealed(f"a line of more than {LINE_BYTES_MAX} bytes")
        line, _, self._held = self._held.partition(b"\n")
        return line + b"\n"
