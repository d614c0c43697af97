"""A TCP relay: everything that crosses a boundary of the lab goes through one, and can be cut, delayed or throttled there."""

from __future__ import annotations

import asyncio
import socket
import struct

from drdrill.errors import EstateError
from drdrill.lab.link import Flow, Link, LinkChange, LinkState, Mode
from drdrill.lab.stream import Lane, Stream

BACKLOG = 1024
HALF_CLOSED_IN_THE_DARK_S = 10.0
"""How long a client that closed its side during a blackhole is kept: it may only have half-closed, and must hear nothing."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Relay:
    """One link: it listens, and carries each connection to the upstream address.

    Three rules. In a blackhole nothing is answered and nothing arrives, not even the news that somebody hung up. In
    reset every connection dies by RST and new ones are refused. A connection that lived through a blackhole is reset
    when the link opens, because bytes are missing in its middle.
    """

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        self.link = link
        self.loop = loop
        self.mode: Mode = "open"
        self.forward = Lane(link.forward)
        self.backward = Lane(link.backward)
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None

    def listen(self) -> None:
        """Begin to accept. Raises ``EstateError`` when the address is taken."""
        host, port = self.link.listen.rsplit(":", 1)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise EstateError(
                f"the link {self.link.name} is not open: {self.link.listen} cannot be listened on ({error.strerror})"
            ) from error
        listener.setblocking(False)
        self._listener = listener
        self.loop.add_reader(listener.fileno(), self._accept, listener)

    def change(self, change: LinkChange) -> None:
        """Apply what concerns this link, within one turn of the event loop."""
        if change.restore:
            self.forward.flow, self.backward.flow = self.link.forward, self.link.backward
        for lane, name in ((self.forward, "forward"), (self.backward, "backward")):
            if change.direction in (name, "both"):
                lane.flow = _changed(lane.flow, change)
        if change.mode is not None:
            self._turn(change.mode)
        for lane in (self.forward, self.backward):
            lane.free_at = 0.0
        for connection in self.connections:
            connection.retime()

    def state(self) -> LinkState:
        """The link as it is now."""
        return LinkState(
            name=self.link.name,
            mode=self.mode,
            forward=self.forward.flow,
            backward=self.backward.flow,
            from_place=self.link.from_place,
            to_place=self.link.to_place,
            connections=len(self.connections),
            forwarded=self.forward.handed_over,
            returned=self.backward.handed_over,
        )

    def start(self, connection: Connection) -> None:
        """Run a connection's set-up, and keep hold of it until it is done."""
        task = self.loop.create_task(connection.set_up())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _turn(self, mode: Mode) -> None:
        if mode == self.mode:
            return
        self.mode = mode
        if mode == "blackhole":
            for connection in self.connections:
                connection.go_dark()
        else:
            for connection in list(self.connections):
                if mode == "reset" or connection.dark:
                    connection.reset()
        if mode == "reset":
            self._refuse()
        elif self._listener is None:
            self.listen()

    def _refuse(self) -> None:
        if self._listener is not None:
            self.loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(BACKLOG):
            try:
                client, _peer = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, client, dark=self.mode == "blackhole")
            self.connections.add(connection)
            self.start(connection)


class Connection:
    """One client's connection: two ends, and a stream in each direction. ``dark`` means that it has met a blackhole."""

    def __init__(self, relay: Relay, client: socket.socket, *, dark: bool) -> None:
        self.relay = relay
        self.dark = dark
        self.dead = False
        self.forward = Stream(relay.forward, relay.loop, self.ended)
        self.backward = Stream(relay.backward, relay.loop, self.ended)
        self.client = End(self, self.forward, self.backward)
        self.upstream = End(self, self.backward, self.forward)
        self._socket = client

    async def set_up(self) -> None:
        """Take the client in, and connect to the upstream unless it is dark there."""
        loop = self.relay.loop
        try:
            await loop.connect_accepted_socket(lambda: self.client, self._socket)
            if not self.dark and not self.dead:
                host, port = self.relay.link.upstream.rsplit(":", 1)
                await loop.create_connection(lambda: self.upstream, host, int(port))
        except OSError:
            if not self.dark:
                self.reset()

    def retime(self) -> None:
        """The link's flow has changed."""
        self.forward.retime()
        self.backward.retime()

    def go_dark(self) -> None:
        """The link is a blackhole now: what is on its way never arrives."""
        self.dark = True
        self.forward.swallow()
        self.backward.swallow()

    def reset(self) -> None:
        """End both sides by RST."""
        self.dead = True
        for end in (self.client, self.upstream):
            end.abort()
        self.relay.connections.discard(self)

    def ended(self) -> None:
        """One direction has ended; when both have, the connection is over."""
        if self.forward.ended and self.backward.ended:
            self.client.close()
            self.upstream.close()

    def lost(self, end: End, error: Exception | None) -> None:
        """One side is gone. In the dark the other is not told."""
        other = self.upstream if end is self.client else self.client
        if other.gone or (self.dark and other.transport is None):
            self.relay.connections.discard(self)
        elif not self.dark:
            if error is None:
                other.close()
            else:
                other.abort()


class End(asyncio.Protocol):
    """One side of a connection: what it says goes into ``out``; ``into`` delivers to it."""

    def __init__(self, connection: Connection, out: Stream, into: Stream) -> None:
        self._connection = connection
        self._out = out
        self._into = into
        self.transport: asyncio.Transport | None = None
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=0)
        if self._connection.dead:
            self.abort()
            return
        self._out.source = transport
        self._into.attach_sink(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come from this side."""
        if not self._connection.dark:
            self._out.feed(data)

    def eof_received(self) -> bool:
        """This side will say no more; it may still listen."""
        if self._connection.dark:
            self._connection.relay.loop.call_later(HALF_CLOSED_IN_THE_DARK_S, self.abort)
        else:
            self._out.feed(b"")
        return True

    def pause_writing(self) -> None:
        """This side's socket is full."""
        self._into.sink_full(True)

    def resume_writing(self) -> None:
        """This side's socket has room."""
        self._into.sink_full(False)

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        self.gone = True
        self._connection.lost(self, error)

    def close(self) -> None:
        """Close in an orderly way, after what has been written."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()

    def abort(self) -> None:
        """Close by RST."""
        if self.transport is None or self.gone:
            return
        peer = self.transport.get_extra_info("socket")
        if peer is not None and peer.fileno() >= 0:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


def _changed(flow: Flow, change: LinkChange) -> Flow:
    delay_s = flow.delay_s if change.delay_s is None else change.delay_s
    limit = None if change.unthrottled else flow.bytes_per_s
    return Flow(delay_s=delay_s, bytes_per_s=limit if change.bytes_per_s is None else change.bytes_per_s)
