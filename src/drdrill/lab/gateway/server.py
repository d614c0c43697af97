"""HTTP servers with a thread per connection, so that a call that hangs keeps nobody else waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from drdrill.errors import EstateError

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
POLL_S = 0.1
"""How long a server may take to notice that it shall stop."""
_BACKLOG = 1024


class _Handler(WSGIRequestHandler):
    """HTTP/1.1, one request per connection, no log of its own."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The audit trail has it."""


class Server:
    """Serves one application on one address. Raises ``EstateError`` when the address cannot be had."""

    def __init__(self, host: str, port: int, application: Application) -> None:
        self._listener = _listen(host, port)
        self._server = make_server(
            host, port, application, threaded=True, request_handler=_Handler, fd=self._listener.fileno()
        )
        serve = partial(self._server.serve_forever, poll_interval=POLL_S)
        self._thread = threading.Thread(target=serve, name=f"http-{port}", daemon=True)

    def start(self) -> None:
        """Answer from now on; connections made before wait."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._listener.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise EstateError(f"no AWS API is served: {host}:{port} cannot be listened on ({error.strerror})") from error
    return listener
