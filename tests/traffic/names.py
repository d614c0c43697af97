"""A small real name server that knows one name, and whose manners can be switched while it serves."""

from __future__ import annotations

import socket
import threading
import time

from dnslib import QTYPE, RCODE, RR, A, DNSRecord

from drdrill.model.estate import Address


class NameServerOfOneName:
    """Answers over UDP; what it answers can be changed while it runs. ``asked`` are the times of the questions."""

    def __init__(self) -> None:
        self.answer: str | None = "127.0.0.1"
        self.ttl_s = 1
        self.rcode = RCODE.NOERROR
        self.silent = False
        self.noise = b""
        self.asked: list[float] = []
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.address = Address(host="127.0.0.1", port=self._socket.getsockname()[1])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                packet, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.asked.append(time.monotonic())
            if self.noise:
                self._socket.sendto(self.noise, client)
            if not self.silent:
                self._socket.sendto(self._reply(packet), client)

    def _reply(self, packet: bytes) -> bytes:
        question = DNSRecord.parse(packet)
        reply = question.reply()
        reply.header.rcode = self.rcode
        if self.answer is not None:
            reply.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(self.answer), ttl=self.ttl_s))
        packed: bytes = reply.pack()
        return packed

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
