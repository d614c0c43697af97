"""From the door's name to an address, as a customer's device does it: one question, an answer good for its TTL.

Nothing here blocks: a lookup is a file descriptor that becomes readable. The time of an answer counts from the
question, so an answer is never used longer than the name server allowed. There is no negative cache and no repetition: a question that gets no
answer within ``LOOKUP_LIMIT_S`` failed, and the next operation asks anew.
"""

from __future__ import annotations

import _socket
import _thread
import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from drdrill.model.estate import Address
from drdrill.traffic.door import Door

LOOKUP_LIMIT_S = 1.0
SYSTEM_TTL_S = 1.0
"""The system's resolver does not say how long its answer holds; it has its own cache, and is asked again after this."""

_REPLY_BYTES_MAX = 65535

StartThread = Callable[[Callable[[], None], tuple[()]], Any]


class SocketAddress(NamedTuple):
    """Where to connect: the family, and the address as the socket of that family wants it."""

    family: int
    address: tuple[Any, ...]


class NameNotResolved(Exception):
    """There is no address for the name: no answer, a refusal, or an answer without an address."""


class Resolver(Protocol):
    """One name's address. At most one lookup is under way."""

    def address(self, now_ns: int) -> SocketAddress | None:
        """The address, if it is known and its time is not over."""

    def begin(self, now_ns: int) -> int:
        """Begin a lookup; returns what to watch until it is readable. Raises ``NameNotResolved``."""

    def finish(self) -> SocketAddress | None:
        """Take the answer, or None if what came was none. Raises ``NameNotResolved``. Ends the lookup unless None."""

    def abandon(self) -> None:
        """End the lookup, if one is under way, without its answer."""


class LiteralAddress:
    """A door whose host is an address already."""

    def __init__(self, door: Door) -> None:
        family = _socket.AF_INET6 if ":" in door.host else _socket.AF_INET
        self._address = SocketAddress(family, (door.host, door.port))

    def address(self, now_ns: int) -> SocketAddress | None:  # noqa: ARG002 (it always holds)
        """The address."""
        return self._address

    def begin(self, now_ns: int) -> int:
        """Never needed."""
        raise NotImplementedError

    def finish(self) -> SocketAddress | None:
        """Never needed."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Nothing is ever under way."""


class _Remembered:
    """An address and the time until which it holds."""

    def __init__(self) -> None:
        self._address: SocketAddress | None = None
        self._until_ns = 0

    def address(self, now_ns: int) -> SocketAddress | None:
        """The address, if it is known and its time is not over."""
        return self._address if now_ns < self._until_ns else None

    def _remember(self, address: SocketAddress, until_ns: int) -> SocketAddress:
        self._address, self._until_ns = address, until_ns
        return address


class NameServer(_Remembered):
    """Asks one name server for the A record, over UDP, from a new port for each question."""

    def __init__(self, door: Door, server: Address) -> None:
        super().__init__()
        self._name = dns.name.from_text(door.host)
        self._port = door.port
        self._server = (server.host, server.port)
        self._socket: _socket.socket | None = None
        self._question = dns.message.make_query(self._name, "A")
        self._asked_ns = 0

    def begin(self, now_ns: int) -> int:
        """Send the question. Raises ``NameNotResolved`` when it cannot be sent."""
        self.abandon()
        family = _socket.AF_INET6 if ":" in self._server[0] else _socket.AF_INET
        self._question = dns.message.make_query(self._name, "A")
        self._asked_ns = now_ns
        self._socket = _socket.socket(family, _socket.SOCK_DGRAM | _socket.SOCK_NONBLOCK)
        try:
            self._socket.connect(self._server)
            self._socket.send(self._question.to_wire())
        except OSError as error:
            self.abandon()
            raise NameNotResolved(f"the name server cannot be asked ({error.strerror})") from error
        return self._socket.fileno()

    def finish(self) -> SocketAddress | None:
        """Read a packet. None when it is not the answer to the question; raises ``NameNotResolved``."""
        assert self._socket is not None
        try:
            reply = dns.message.from_wire(self._socket.recv(_REPLY_BYTES_MAX))
        except BlockingIOError:
            return None
        except dns.exception.DNSException:
            return None  # a stranger's packet does not end the wait for the true answer
        except OSError as error:
            self.abandon()
            raise NameNotResolved(f"the name server cannot be heard ({error.strerror})") from error
        if not self._question.is_response(reply):
            return None
        self.abandon()
        return self._take(reply)

    def abandon(self) -> None:
        """Close the socket, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _take(self, reply: dns.message.Message) -> SocketAddress:
        if reply.rcode() != dns.rcode.NOERROR or not isinstance(reply, dns.message.QueryMessage):
            raise NameNotResolved(f"the name server answered {dns.rcode.to_text(reply.rcode())}")
        try:
            chain = reply.resolve_chaining()
        except dns.exception.DNSException as error:
            raise NameNotResolved(f"the name server's answer leads nowhere ({error})") from error
        if chain.answer is None or not len(chain.answer):
            raise NameNotResolved("the name server's answer holds no address")
        address = SocketAddress(_socket.AF_INET, (chain.answer[0].to_text(), self._port))
        return self._remember(address, self._asked_ns + int(chain.minimum_ttl * 1e9))


class SystemResolver(_Remembered):
    """Asks the operating system, in a native thread, because ``getaddrinfo`` blocks.

    ``start_thread`` must start a thread of the system even where gevent has put greenlets in the place of threads.
    """

    def __init__(self, door: Door, start_thread: StartThread = _thread.start_new_thread) -> None:
        super().__init__()
        self._door = door
        self._start_thread = start_thread
        self._reader: int | None = None
        self._found: list[Any] = []
        self._asked_ns = 0

    def begin(self, now_ns: int) -> int:
        """Start the thread; what it returns becomes readable when the thread has ended."""
        self.abandon()
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        found: list[Any] = []

        def look_up() -> None:
            try:
                found.extend(_socket.getaddrinfo(self._door.host, self._door.port, 0, _socket.SOCK_STREAM))
            except (OSError, UnicodeError):
                found.clear()
            finally:
                os.close(writer)  # each lookup has its own pipe: an abandoned one can disturb no later one

        self._reader, self._found, self._asked_ns = reader, found, now_ns
        self._start_thread(look_up, ())
        return reader

    def finish(self) -> SocketAddress | None:
        """Take what the thread found. Raises ``NameNotResolved`` when it found nothing."""
        found = self._found
        self.abandon()
        if not found:
            raise NameNotResolved("the system knows no address for the name")
        family, _, _, _, address = found[0]
        return self._remember(SocketAddress(family, address), self._asked_ns + int(SYSTEM_TTL_S * 1e9))

    def abandon(self) -> None:
        """Forget the thread; it ends by itself."""
        if self._reader is not None:
            os.close(self._reader)
            self._reader = None


def resolver_of(
    door: Door, name_server: Address | None, start_thread: StartThread = _thread.start_new_thread
) -> Resolver:
    """The resolver that a door needs: none for an address, the given name server, or else the system's own."""
    if door.is_literal:
        return LiteralAddress(door)
    return NameServer(door, name_server) if name_server is not None else SystemResolver(door, start_thread)
