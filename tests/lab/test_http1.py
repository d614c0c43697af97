"""HTTP/1.1 bytes in, whole messages out, and the other way round."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.lab.http1 import BODY_BYTES_MAX, HEAD_BYTES_MAX, ClientEnd, Request, Response, ServerEnd, response

TRANSFER = b'POST /transfer?x=1 HTTP/1.1\r\nHost: bank\r\ncontent-length: 4\r\n\r\n{"a"'
HEALTH = b"GET /health HTTP/1.1\r\nHost: bank\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n"


def requested(data):
    end = ServerEnd()
    end.feed(data)
    return end.take()


def asking(method=b"GET"):
    """The end of a client that has sent a request."""
    end = ClientEnd()
    end.send(Request(method=method, target=b"/"), "bank")
    return end


def answered(data, method=b"GET", *, ended=False):
    end = asking(method)
    end.feed(data)
    if ended:
        end.feed(b"")
    return end.take()


def said(answer, data=HEALTH, **how):
    """What a server sends to the client that sent ``data``, and whether the connection goes on."""
    end = ServerEnd()
    end.feed(data)
    end.take()
    return end.send(answer, **how), end.goes_on()


def test_a_request():
    request = requested(TRANSFER)

    assert (request.method, request.path, request.body) == (b"POST", b"/transfer", b'{"a"')
    assert request.target == b"/transfer?x=1"
    assert request.header(b"host") == b"bank"
    assert request.header(b"cookie") is None


@pytest.mark.parametrize("data", [TRANSFER[:-1], TRANSFER[:20]])
def test_half_a_request_is_not_taken(data):
    assert requested(data) is None


def test_requests_that_follow_each_other_are_taken_one_by_one():
    end = ServerEnd()
    end.feed(TRANSFER + HEALTH)
    paths = []
    while (request := end.take()) is not None:
        paths.append(request.path)
        end.send(response(200, "OK", b"{}"))
        assert end.goes_on()

    assert paths == [b"/transfer", b"/health"]


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=6).map(lambda cuts: sorted(set(cuts) - {0, len(CHUNKED)})))
def test_it_does_not_matter_how_the_bytes_arrive(cuts):
    end = asking()
    taken = []
    for low, high in zip([0, *cuts], [*cuts, len(CHUNKED)], strict=True):
        end.feed(CHUNKED[low:high])
        taken.append(end.take())

    assert [message.body for message in taken if message] == [b"abcde"]


def test_a_response_without_a_length_lasts_until_the_end():
    assert answered(b"HTTP/1.1 200 OK\r\n\r\nabc") is None
    assert answered(b"HTTP/1.1 200 OK\r\n\r\nabc", ended=True).body == b"abc"


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", CHUNKED[:-3], b"HTTP/1.1 200 OK\r\n", b""]
)
def test_a_response_cut_short_is_not_a_response(data):
    with pytest.raises(h11.RemoteProtocolError):
        answered(data, ended=True)


def test_the_answer_to_head_has_a_length_but_no_body():
    message = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HEAD")
    rendered, _ = said(message, b"HEAD / HTTP/1.1\r\nHost: bank\r\n\r\n")

    assert message.body == b""
    assert rendered == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"


def test_an_answer_of_our_own_to_head_tells_its_length():
    rendered, goes_on = said(response(503, "Service Unavailable", b"{}"), b"HEAD / HTTP/1.1\r\nHost: bank\r\n\r\n")

    assert b"\r\nContent-Length: 2\r\n" in rendered
    assert rendered.endswith(b"\r\n\r\n")
    assert goes_on


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_statuses_have_no_body(status):
    rendered, _ = said(answered(b"HTTP/1.1 " + status + b"\r\n\r\n"))

    assert rendered == b"HTTP/1.1 " + status + b"\r\nConnection: keep-alive\r\n\r\n"


def test_an_interim_response_is_passed_over():
    assert answered(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").status == 200


POST = b"POST / HTTP/1.1\r\nHost: bank\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: bank\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: bank\r\n\r\n",
        POST + b"no colon\r\n\r\n",
        POST + b"Name : x\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Content-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1) + b"x" * (BODY_BYTES_MAX + 1),
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n" + b"x" * (BODY_BYTES_MAX + 1),
        b"x" * (HEAD_BYTES_MAX + 1),
    ],
)
def test_what_is_unclear_is_refused_and_the_refusal_can_be_said(data):
    end = ServerEnd()
    end.feed(data)

    with pytest.raises(h11.RemoteProtocolError):
        end.take()
    assert end.send(response(400, "Bad Request", b"{}"), close=True).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_length_given_in_two_ways_does_not_go_through():
    request = requested(
        b"GET / HTTP/1.1\r\nHost: bank\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )

    assert ClientEnd().send(request, "x") == b"GET / HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n"


def test_what_belongs_to_one_connection_is_not_carried_to_the_next():
    message = Request(
        method=b"GET",
        target=b"/",
        headers=(
            (b"Host", b"bank"),
            (b"Connection", b"keep-alive, X-Hop"),
            (b"X-Hop", b"1"),
            (b"TE", b"trailers"),
            (b"X-End", b"2"),
        ),
    )

    assert message.carried((b"x-end", b"3")).headers == ((b"Host", b"bank"), (b"x-end", b"3"))


def test_the_length_is_written_anew():
    request = Request(method=b"POST", target=b"/", headers=((b"Content-Length", b"99"),), body=b"abc")

    assert ClientEnd().send(request, "bank") == (
        b"POST / HTTP/1.1\r\nHost: bank\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    )
    assert b"Content-Length: 0" in said(response(200, "OK", b""))[0]
    assert b"Content-Length: 0" in ClientEnd().send(Request(method=b"POST", target=b"/"), "bank")
    assert b"Content-Length" not in ClientEnd().send(Request(method=b"GET", target=b"/"), "bank")


@pytest.mark.parametrize(
    ("version", "header", "close", "goes_on"),
    [
        (b"HTTP/1.1", b"", False, True),
        (b"HTTP/1.1", b"", True, False),
        (b"HTTP/1.1", b"Connection: Close\r\n", False, False),
        (b"HTTP/1.0", b"", False, False),
    ],
)
def test_when_the_connection_ends(version, header, close, goes_on):
    answer = Response(status=200, reason=b"OK", headers=((b"Connection", b"X-Hop"), (b"X-Hop", b"1")))
    asked = b"GET / " + version + b"\r\nHost: bank\r\n" + header + b"\r\n"
    rendered, went_on = said(answer, asked, close=close)

    assert went_on is goes_on
    assert (b"\r\nConnection: keep-alive\r\n" if goes_on else b"\r\nConnection: close\r\n") in rendered
    assert b"X-Hop" not in rendered
