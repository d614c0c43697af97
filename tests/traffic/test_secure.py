"""TLS: the same outcomes, and a handshake that fails leaves the request unsent."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drdrill.model.operation import Failure, Operations, Outcome
from drdrill.traffic.door import Door

from .bank import Bank
from .sending import A_TRANSFER, sent_at


class SecureBank(Bank):
    """The bank behind TLS with a certificate of its own."""

    def __init__(self, certificate: Path) -> None:
        super().__init__()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank")])
    now = datetime.datetime.now(tz=datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "bank.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def secure_bank(certificate: Path) -> Iterator[Bank]:
    with SecureBank(certificate).open() as bank:
        yield bank


def send(path: Path, port: int) -> Operations:
    door = Door("127.0.0.1", port, tls=True)
    return sent_at(path, door, [time.monotonic_ns()], A_TRANSFER, deadline_s=1.0)


@pytest.mark.parametrize(
    ("manners", "outcome", "failure"),
    [
        ("ok", Outcome.ACKED, Failure.NONE),
        ("chunked", Outcome.ACKED, Failure.NONE),
        ("not_done", Outcome.REFUSED, Failure.NONE),
        ("hang", Outcome.UNKNOWN, Failure.TIMED_OUT),
        ("reset", Outcome.UNKNOWN, Failure.CONNECTION_RESET),
        ("cut", Outcome.UNKNOWN, Failure.CONNECTION_RESET),
    ],
)
def test_outcomes_over_tls(
    secure_bank: Bank,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manners: str,
    outcome: Outcome,
    failure: Failure,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_bank.manners = manners
    (operation,) = send(tmp_path / "a.ops", secure_bank.port)
    assert (operation["outcome"], operation["failure"]) == (outcome, failure)
    assert secure_bank.heard == [operation["op_id"]]


def test_a_certificate_that_is_not_trusted_leaves_the_request_unsent(secure_bank: Bank, tmp_path: Path) -> None:
    (operation,) = send(tmp_path / "a.ops", secure_bank.port)
    assert (operation["outcome"], operation["failure"]) == (Outcome.UNSENT, Failure.CONNECT_RESET)
    assert secure_bank.heard == []


def test_a_door_without_tls_leaves_the_request_unsent(bank: Bank, tmp_path: Path) -> None:
    (operation,) = send(tmp_path / "a.ops", bank.port)
    assert operation["outcome"] == Outcome.UNSENT
    assert bank.heard == []


def test_a_handshake_that_hangs_is_unsent(tmp_path: Path) -> None:
    """Bytes of the handshake left, and not one of the request."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (operation,) = send(tmp_path / "a.ops", silent.getsockname()[1])
    assert (operation["outcome"], operation["failure"]) == (Outcome.UNSENT, Failure.CONNECT_TIMED_OUT)
