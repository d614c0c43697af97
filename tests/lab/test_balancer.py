"""The load balancer: who is healthy, whose turn it is, and what clients hear when a worker fails them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from drdrill.lab.balancer import FAILED, INITIAL, MISMATCH, TIMED_OUT, Balancer, BalancerConfig, Target, Targets
from drdrill.lab.door import Door
from drdrill.lab.http1 import Request, Response
from drdrill.lab.serving import listening_socket
from drdrill.waiting import wait_until


def health(results, healthy=2, unhealthy=3):
    """State after each result: a capital letter is a passed check, anything else one that failed."""
    target = Target("127.0.0.1:1")
    for result in results:
        target.note(None if result == "P" else FAILED, healthy, unhealthy)
    return target.healthy


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("", False),
        ("P", True),
        ("f", False),
        ("fP", False),
        ("fPP", True),
        ("fPfP", False),
        ("Pff", True),
        ("Pfff", False),
        ("PfPfPf", True),
        ("PfffP", False),
        ("PfffPP", True),
    ],
)
def test_so_many_checks_in_a_row_change_the_state(results, expected):
    assert health(results) is expected


def test_the_reason_is_that_of_the_newest_failure():
    target = Target("127.0.0.1:1")
    reasons = [target.reason]
    for failure in (None, FAILED, TIMED_OUT, MISMATCH):
        target.note(failure, 2, 2)
        reasons.append(target.reason)
    assert reasons == [INITIAL, "", "", TIMED_OUT, MISMATCH]


def turns(healths, number):
    targets = Targets(tuple(f"127.0.0.1:{n}" for n in range(len(healths))))
    for target, healthy in zip(targets.all, healths, strict=True):
        target.healthy = healthy
    return [None if (chosen := targets.choose()) is None else chosen.destination.port for _ in range(number)]


def test_healthy_targets_take_turns():
    assert turns([True, False, True], 4) == [0, 2, 0, 2]


def test_when_all_are_unhealthy_all_are_used():
    assert turns([False, False], 3) == [0, 1, 0]


def test_without_targets_there_is_nobody():
    assert turns([], 1) == [None]


def raw(status, body, headers=b""):
    return b"HTTP/1.1 %d So\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


class Worker:
    """A target on a port of its own, in a thread, that behaves as told."""

    def __init__(self):
        self.listener = listening_socket("127.0.0.1:0")
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests = []
        self.healthy = True
        self.manner = "answer"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        self.listener.settimeout(0.05)
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self.listener.accept()
                with connection:
                    connection.settimeout(2)
                    self._treat(connection)

    def _treat(self, connection):
        head = connection.recv(65536)
        if head.startswith(b"GET /health "):
            connection.sendall(raw(200 if self.healthy else 500, b"{}"))
            return
        self.requests.append(head)
        if self.manner == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.manner == "cut short":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        elif self.manner == "nonsense":
            connection.sendall(b"what?\r\n\r\n")
        elif self.manner == "silence":
            self._over.wait(1.5)
        else:
            body = json.dumps({"worker": self.address}).encode()
            connection.sendall(raw(200, body, b"X-Served-By-Region: ap-south-1\r\n"))

    def close(self):
        self._over.set()
        self._thread.join()
        self.listener.close()


@contextlib.contextmanager
def balancer(*targets, **settings):
    """A load balancer in a thread; yields its address."""
    config = BalancerConfig.model_validate(
        {"region": "ap-south-1", "listen": "unused", "targets": targets, "interval_s": 0.05}
        | {"response_timeout_s": 0.4, "connect_timeout_s": 0.4, "health_timeout_s": 0.4}
        | settings
    )
    listener = listening_socket("127.0.0.1:0")
    loop = asyncio.new_event_loop()
    told = asyncio.Event()

    async def serve():
        subject = Balancer(config)
        door = Door(subject.answer)
        await door.open(listener)
        checks = [loop.create_task(subject.check_for_ever(target)) for target in subject.targets.all]
        await told.wait()
        await door.close()
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(told.set)
        thread.join()
        loop.close()


def ask(address, method="GET", path="/accounts/1/balance", body=None, headers=None):
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as answer:
            return answer.status, json.loads(answer.read() or b"null"), answer.headers
    finally:
        connection.close()


def table(address):
    return {row["target"]: row for row in ask(address, path="/lb/targets")[1]}


def wait_for_health(address, **expected):
    def look():
        return [row["healthy"] for row in table(address).values()] == list(expected.values())

    wait_until(f"health is {expected}", look, limit_s=5, seen=lambda: table(address))


@pytest.fixture
def workers():
    pair = (Worker(), Worker())
    yield pair
    for worker in pair:
        worker.close()


def test_requests_go_round_and_headers_go_through(workers):
    with balancer(*(worker.address for worker in workers)) as address:
        wait_for_health(address, one=True, two=True)
        answers = [ask(address, headers={"X-Mine": "1", "X-Forwarded-For": "10.0.0.1"}) for _ in range(4)]

    assert {document["worker"] for _, document, _ in answers} == {worker.address for worker in workers}
    assert all(headers["X-Served-By-Region"] == "ap-south-1" for _, _, headers in answers)
    assert [len(worker.requests) for worker in workers] == [2, 2]
    assert b"\r\nX-Mine: 1\r\n" in workers[0].requests[0]
    assert b"\r\nX-Forwarded-For: 10.0.0.1, 127.0.0.1\r\n" in workers[0].requests[0]


def test_an_unhealthy_target_gets_no_requests_until_it_is_healthy_again(workers):
    sick, well = workers
    with balancer(sick.address, well.address) as address:
        wait_for_health(address, sick=True, well=True)
        sick.healthy = False
        wait_for_health(address, sick=False, well=True)
        assert table(address)[sick.address]["reason"] == MISMATCH
        assert {ask(address)[1]["worker"] for _ in range(4)} == {well.address}
        sick.healthy = True
        wait_for_health(address, sick=True, well=True)
        assert {ask(address)[1]["worker"] for _ in range(4)} == {sick.address, well.address}


@pytest.mark.parametrize(
    ("manner", "status"), [("reset", 502), ("cut short", 502), ("nonsense", 502), ("silence", 504)]
)
def test_a_payment_that_a_worker_dropped_is_sent_once_and_promised_nothing(workers, manner, status):
    workers[0].manner = manner
    with balancer(workers[0].address) as address:
        wait_for_health(address, one=True)
        heard, document, headers = ask(address, "POST", "/transfer", b'{"op_id":1}')

    assert (heard, headers["Server"]) == (status, "awselb/2.0")
    assert "promise" not in document
    assert len(workers[0].requests) == 1
    assert workers[1].requests == []


def test_a_target_that_refuses_connections_is_502_and_found_out(workers):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{nobody.getsockname()[1]}"
        with balancer(gone) as address:
            wait_until("it was checked", lambda: table(address)[gone]["reason"] == FAILED, limit_s=5)
            assert ask(address, "POST", "/transfer", b"{}")[0] == 502, "it fails open, and finds nobody"


def test_without_targets_it_is_503():
    with balancer() as address:
        status, document, _ = ask(address, "POST", "/transfer", b"{}")
    assert status == 503
    assert "promise" not in document


def test_a_client_that_keeps_its_connection_is_served_again(workers):
    with balancer(workers[0].address) as address:
        wait_for_health(address, one=True)
        connection = http.client.HTTPConnection(address, timeout=5)
        sockets = set()
        for _ in range(3):
            connection.request("GET", "/x")
            sockets.add(connection.sock.getsockname())
            with connection.getresponse() as answer:
                answer.read()
        connection.close()
    assert len(sockets) == 1
    assert len(workers[0].requests) == 3


def test_what_is_not_http_is_refused():
    with balancer() as address, socket.create_connection(address.split(":"), timeout=5) as wire:
        wire.sendall(b"hello\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_closed_its_half_gets_its_answer_and_then_the_end(workers):
    with balancer(workers[0].address) as address:
        wait_for_health(address, one=True)
        with socket.create_connection(address.split(":"), timeout=5) as wire:
            wire.sendall(b"GET /x HTTP/1.1\r\nHost: bank\r\n\r\n" * 2)
            wire.shutdown(socket.SHUT_WR)
            heard = wire.makefile("rb").read()
    assert heard.count(b"HTTP/1.1 200 So\r\n") == len(workers[0].requests) == 2


def test_a_client_of_http_1_0_is_served_once_and_its_target_hears_a_host(workers):
    with balancer(workers[0].address) as address:
        wait_for_health(address, one=True)
        with socket.create_connection(address.split(":"), timeout=5) as wire:
            wire.sendall(b"GET /x HTTP/1.0\r\n\r\n")
            heard = wire.makefile("rb").read()
    assert heard.startswith(b"HTTP/1.1 200 So\r\n")
    assert b"\r\nConnection: close\r\n" in heard
    assert b"\r\nHost: %s\r\n" % workers[0].address.encode() in workers[0].requests[0]


def test_an_error_in_answer_to_head_has_no_body():
    with balancer() as address:
        connection = http.client.HTTPConnection(address, timeout=5)
        for _ in range(2):
            connection.request("HEAD", "/x")
            with connection.getresponse() as answer:
                assert (answer.status, answer.read()) == (503, b"")
        connection.close()


def test_a_failure_of_ours_ends_the_connection():
    async def broken(request: Request, client: str) -> Response:
        raise AssertionError("on purpose")

    async def visit():
        failures = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
        listener = listening_socket("127.0.0.1:0")
        door = Door(broken)
        await door.open(listener)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: bank\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        await door.close()
        gc.collect()  # asyncio tells of a failed task when it forgets it
        return failures

    assert [str(failure) for failure in asyncio.run(visit())] == ["on purpose"]


def test_as_a_program_it_says_ready_and_ends_when_told(tmp_path, workers):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    path = tmp_path / "balancer.json"
    path.write_text(
        json.dumps({"region": "ap-south-1", "listen": address, "targets": [workers[0].address], "log": "x"})
    )
    command = [sys.executable, "-m", "drdrill.lab.balancer", "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        assert ask(address)[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 5
        process.communicate()
