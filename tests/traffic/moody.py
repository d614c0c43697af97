"""A server of raw bytes: for each connection a script says what it does with each request, and then with the connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BODY = b'{"promise":"done","debit_seq":3,"credit_seq":4}'
HEAD = b"HTTP/1.1 200 OK\r\nX-Served-By-Region: ap-south-2\r\n"
DONE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
DONE_AND_CLOSE = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
DONE_IN_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
DONE_UNTIL_THE_END = HEAD + b"\r\n" + BODY


class Line:
    """One accepted connection."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted

    def hear(self) -> bytes:
        """One whole request, or nothing when the client hung up."""
        data = b""
        while not data.endswith(b"}"):  # every request of these tests is a transfer
            try:
                part = self._socket.recv(65536)
            except OSError:
                return b""
            if not part:
                return b""
            data += part
        return data

    def say(self, words: bytes) -> None:
        self._socket.sendall(words)

    def hang_up(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Close with RST in the place of FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


Manners = Callable[[Line, "Moody"], None]


class Moody:
    """Accepts connections and treats each as its manners say, in a thread of its own."""

    def __init__(self, manners: Manners, host: str, port: int) -> None:
        self._manners = manners
        self._listener = socket.create_server((host, port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytes] = []
        self.connections = 0
        self.left = 0
        self.hung_up = threading.Event()
        self.go_on = threading.Event()
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(accepted)
            threading.Thread(target=self._treat, args=(accepted,), daemon=True).start()

    def hear(self, line: Line) -> bool:
        """Hear one request; False when the client hung up."""
        request = line.hear()
        if request:
            self.heard.append(request)
        else:
            self.left += 1
        return bool(request)

    def close(self) -> None:
        self.go_on.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for accepted in self._open:
            accepted.close()

    def _treat(self, accepted: socket.socket) -> None:
        try:
            self._manners(Line(accepted), self)
        except OSError:
            accepted.close()


@contextmanager
def moody(manners: Manners, host: str = "127.0.0.1", port: int = 0) -> Iterator[Moody]:
    server = Moody(manners, host, port)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def answering(answer: bytes) -> Manners:
    """Give the same answer to every request, for ever."""

    def treat(line: Line, server: Moody) -> None:
        while server.hear(line):
            line.say(answer)

    return treat
