"""One attempt over TLS. The handshake is no part of the request: an attempt that fails in it is unsent."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from drdrill.model.operation import Failure, Outcome
from drdrill.traffic.answer import Answer
from drdrill.traffic.journeys import Errand
from drdrill.traffic.request import READABLE, Attempt

_HANDSHAKE_FAILED = Answer(Outcome.UNSENT, Failure.CONNECT_RESET)
_READ_BYTES = 65536


def trusted() -> ssl.SSLContext:
    """Certificates as the system trusts them (``SSL_CERT_FILE`` names others), names checked."""
    return ssl.create_default_context()


class SecureAttempt(Attempt):
    """The same attempt, its bytes wrapped in memory, so that the loop that watches the socket is the same as well."""

    __slots__ = ("_inbox", "_letter", "_outbox", "_shaken", "_tls")

    def __init__(
        self,
        op_id: int,
        errand: Errand,
        request: bytes,
        regions: Mapping[bytes, int],
        due_ns: int,
        context: ssl.SSLContext,
        host: str,
        *,
        keep: bool = False,
    ) -> None:
        super().__init__(op_id, errand, b"", regions, due_ns, keep=keep)
        self._inbox, self._outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._inbox, self._outbox, server_hostname=host)
        self._letter = request
        self._shaken = False
        self._shake()

    def again(self, op_id: int, errand: Errand, request: bytes, due_ns: int) -> int:
        """Send the next errand inside the same session."""
        self._tls.write(request)
        return super().again(op_id, errand, self._outbox.read(), due_ns)

    def still_stands(self) -> bool:
        """A session may be told new tickets while it rests; anything else ends it."""
        assert self._socket is not None
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self._inbox.write(data)
        return self._plain() == (b"", False)

    def _send(self) -> int:
        wanted = super()._send()
        self.left = self.left and self._shaken  # what left before was the handshake
        return wanted

    def _take(self, data: bytes) -> int:
        if data:
            self._inbox.write(data)
        else:
            self._inbox.write_eof()
        if not self._shaken:
            return self._go_on_shaking()
        plain, ended = self._plain()
        if not plain and not ended:
            return READABLE
        wanted = super()._take(plain) if plain else READABLE
        return super()._take(b"") if ended and wanted else wanted

    def _go_on_shaking(self) -> int:
        if not self._shake():
            return self._end(_HANDSHAKE_FAILED)
        return self._send() if self._unsent else READABLE

    def _shake(self) -> bool:
        """Take the handshake as far as it goes now, and put the request behind it; False when it failed."""
        failed = False
        try:
            self._tls.do_handshake()
            self._tls.write(self._letter)
            self._shaken = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            failed = True
        self._unsent += self._outbox.read()
        return not failed

    def _plain(self) -> tuple[bytes, bool]:
        """What can be read by now, and whether the other side has ended."""
        plain = bytearray()
        while True:
            try:
                part = self._tls.read(_READ_BYTES)
            except ssl.SSLWantReadError:
                return bytes(plain), False
            except ssl.SSLError:  # an end without a farewell, or a broken record: nothing more can be heard
                return bytes(plain), True
            if not part:
                return bytes(plain), True
            plain += part
