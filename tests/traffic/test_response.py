"""Reading responses: whole or not yet or garbled, and the quick way agrees with h11."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.traffic.response import BODY_BYTES_MAX, Garbled, Response, read_response

PLAIN = b'HTTP/1.1 200 OK\r\nServer: x\r\nX-Served-By-Region: AP-south-1\r\ncontent-LENGTH: 7\r\n\r\n{"a":1}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Served-By-Region: ap-south-1\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
UNTIL_THE_END = b'HTTP/1.1 200 OK\r\nX-Served-By-Region: ap-south-1\r\n\r\n{"a":1}'
INFORMED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
SAME = Response(200, b"ap-south-1", b'{"a":1}', keeps=True)
CUT = SAME._replace(keeps=False)


@pytest.mark.parametrize("data", [PLAIN, CHUNKED, INFORMED])
def test_a_response_is_whole_only_with_its_last_byte(data: bytes) -> None:
    assert read_response(data, ended=False) == SAME
    for end in range(len(data)):
        assert read_response(data[:end], ended=False) is None
        assert read_response(data[:end], ended=True) is None


def test_a_response_without_a_length_ends_with_the_connection() -> None:
    assert read_response(UNTIL_THE_END, ended=False) is None
    assert read_response(UNTIL_THE_END, ended=True) == CUT


def test_a_response_without_a_body() -> None:
    data = b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"
    assert read_response(data, ended=False) == Response(204, b"", b"", keeps=True)


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example",
        b"\x16\x03\x01",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    ],
)
def test_what_is_no_response_is_garbled(data: bytes) -> None:
    with pytest.raises(Garbled):
        read_response(data, ended=False)


@given(st.binary(max_size=300), st.booleans())
def test_nothing_that_a_server_sends_is_more_than_garbled(noise: bytes, ended: bool) -> None:
    for data in (noise, PLAIN[:40] + noise, b"HTTP/1.1 200 OK\r\n" + noise + b"\r\n\r\n" + noise):
        try:
            response = read_response(data, ended)
        except Garbled:
            continue
        assert response is None or 200 <= response.status <= 999


@given(st.integers(200, 599), st.binary(max_size=200))
def test_the_quick_way_and_h11_agree(status: int, body: bytes) -> None:
    head = b"HTTP/1.1 %d X\r\nX-Served-By-Region: ap-south-2\r\n" % status
    plain = read_response(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, ended=False)
    slow = read_response(head + b"\r\n" + body, ended=True)
    assert plain is not None
    assert plain._replace(keeps=False) == slow or status in (204, 304)


COUNTED = b"Content-Length: 2\r\n\r\n{}"
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "said", "keeps"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: keep-alive\r\n", True),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.1", b"Connection: x, close\r\n", False),
        (b"1.1", b"Connection: x\r\nConnection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: close\r\n", False),
    ],
)
def test_a_connection_is_kept_if_the_server_keeps_it(version: bytes, said: bytes, keeps: bool) -> None:
    """The quick way and h11 alike; there is no chunked coding in HTTP/1.0."""
    for rest in (COUNTED, IN_CHUNKS) if version == b"1.1" else (COUNTED,):
        response = read_response(b"HTTP/" + version + b" 200 OK\r\n" + said + rest, ended=False)
        assert response == Response(200, b"", b"{}", keeps)


@pytest.mark.parametrize("data", [PLAIN, CHUNKED, INFORMED])
def test_a_byte_too_many_spoils_the_connection_but_not_the_response(data: bytes) -> None:
    assert read_response(data + b"H", ended=False) == CUT
