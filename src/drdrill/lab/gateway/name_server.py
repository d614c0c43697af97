"""The lab's Route 53 as a name server, over UDP and TCP."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from functools import partial

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer, TCPServer, UDPServer

from drdrill.errors import EstateError
from drdrill.lab.gateway.records import Answer, Zone, canonical
from drdrill.lab.gateway.server import POLL_S
from drdrill.model.estate import Address

Ask = Callable[[str, str], Answer]
"""Name and record type to an answer."""


class _Resolver(BaseResolver):  # type: ignore[misc]
    """Turns an answer into a message."""

    def __init__(self, ask: Ask, negative_ttl_s: int) -> None:
        self._ask = ask
        self._negative_ttl_s = negative_ttl_s

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:  # noqa: ARG002 (dnslib's signature)
        """The reply to one question."""
        name, kind = str(request.q.qname), QTYPE.get(request.q.qtype)
        answer = self._ask(name, kind)
        reply = request.reply(ra=0)
        reply.header.rcode = getattr(RCODE, answer.code)
        for line in answer.lines:
            reply.add_answer(*RR.fromZone(f"{line.name}. {line.ttl_s} IN {line.type} {line.value}"))
        if not answer.lines and answer.zone is not None:
            reply.add_auth(*RR.fromZone(self._authority(answer.zone)))
        return reply

    def _authority(self, zone: Zone) -> str:
        """Says for how long a "no" may be remembered."""
        name, ttl = canonical(zone.name), self._negative_ttl_s
        return f"{name}. {ttl} IN SOA ns-1.{name}. hostmaster.{name}. 1 7200 900 1209600 {ttl}"


class NameServer:
    """Listens on one address over UDP and TCP. Raises ``EstateError`` when the address cannot be had."""

    def __init__(self, address: Address, ask: Ask, negative_ttl_s: int) -> None:
        resolver, logger = _Resolver(ask, negative_ttl_s), DNSLogger("-request,-reply,-truncated,-error")
        self._servers: list[DNSServer] = []
        self._threads: list[threading.Thread] = []
        for tcp, kind in ((False, UDPServer), (True, TCPServer)):
            try:
                server = DNSServer(resolver, address.host, address.port, tcp=tcp, logger=logger, server=kind)
            except OSError as error:
                self.stop()
                raise EstateError(f"no names are served: {address} cannot be listened on ({error.strerror})") from error
            self._servers.append(server)

    def start(self) -> None:
        """Answer from now on, in threads of their own."""
        for server in self._servers:
            serve = partial(server.server.serve_forever, poll_interval=POLL_S)
            self._threads.append(threading.Thread(target=serve, name="dns", daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Answer no more, and free the address."""
        for server in self._servers:
            inner: socketserver.BaseServer = server.server
            if self._threads:
                inner.shutdown()
            inner.server_close()
