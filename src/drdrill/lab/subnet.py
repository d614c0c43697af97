"""A /24 of the loopback that belongs to one lab alone, so that several labs run side by side."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from drdrill.errors import EstateError

TRIES = 200


@dataclass(frozen=True)
class Subnet:
    """The network ``127.a.b.0/24``, claimed by holding a listening socket in it; it is free again when that closes."""

    a: int
    b: int
    claim: socket.socket

    @property
    def prefix(self) -> str:
        """The first three parts of its addresses."""
        return f"127.{self.a}.{self.b}"

    def host(self, number: int) -> str:
        """The address with this last part."""
        return f"127.{self.a}.{self.b}.{number}"

    def release(self) -> None:
        """Give the network back."""
        self.claim.close()


def claim_subnet(control_port: int, other: Iterable[tuple[int, int]]) -> Subnet:
    """A /24 in which the control port and all ``other`` (last part of the address, port) are free.

    The control port on ``.1`` stays bound, and is the lock: the kernel drops it with its process, however that ends.
    Raises ``EstateError`` when no network of a reasonable number is free.
    """
    wanted = tuple(other)
    taken = ""
    for a, b in _candidates():
        claim = _bind(f"127.{a}.{b}.1", control_port)
        if claim is None:
            taken = f"127.{a}.{b}.1:{control_port}"
            continue
        subnet = Subnet(a, b, claim)
        busy = [f"{subnet.host(number)}:{port}" for number, port in wanted if not _is_free(subnet.host(number), port)]
        if not busy:
            claim.listen(128)
            claim.setblocking(False)
            return subnet
        taken = busy[0]
        subnet.release()
    raise EstateError(
        f"the lab was not opened: no free loopback network was found in {TRIES} tries; the last one had {taken} in use. "
        "Close other labs, or whatever listens on all addresses at that port, or choose other ports"
    )


def _candidates() -> Iterator[tuple[int, int]]:
    """Networks in an order that differs from process to process, so that labs opened together rarely meet."""
    first = os.getpid() * 7919
    for step in range(TRIES):
        slot = (first + step) % (100 * 250)
        yield 100 + slot // 250, 1 + slot % 250


def _bind(host: str, port: int) -> socket.socket | None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1)  # two sockets may be bound with SO_REUSEADDR; only one may listen
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise EstateError(
            f"the lab was not opened: {host}:{port} cannot be used ({error.strerror}); "
            "the lab needs Linux, where all of 127.0.0.0/8 is loopback"
        ) from error
    return listener


def _is_free(host: str, port: int) -> bool:
    listener = _bind(host, port)
    if listener is None:
        return False
    listener.close()
    return True
