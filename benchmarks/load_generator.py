"""What a request costs the load generator, and how late it is sent: our dispatcher beside Locust's FastHttpUser.

Run ``python benchmarks/load_generator.py``. Four contestants send the same transfer to the same local server, in turn, several
rounds over: ours and FastHttpUser, each with kept-alive connections and with a connection for each request. Ours sends by the clock and
has every operation on record, both entries; FastHttpUser sends as fast as it can and records nothing. What is measured is the CPU time of the
generator's process alone, user and system, while it sends; the server is a process of its own. Only the ratios count. On loopback the kernel
does both ends of every packet in the sender's time, so part of the server's work is in the system time of all four.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from drdrill.record.operations import read_operations

ROUNDS = 5
RUN_S = 6
RATE_KEPT, RATE_FRESH = 6000, 3000
"""Below what one core can send, so that ours is not made to send in heaps; FastHttpUser is a closed loop and finds its own rate."""

LAG_LIMIT_MS = 5.0
LAG_RATES = (150, 500, 2000)

SERVER = r"""
import select, socket
BODY = b'{"promise":"done","debit_seq":1,"credit_seq":1}'
KEPT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Served-By-Region: ap-south-1\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
FRESH = KEPT.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1)
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(listener.getsockname()[1], flush=True)
listener.setblocking(False)
poller, clients = select.epoll(), {}
poller.register(listener, 1)

def accept():
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        clients[client.fileno()] = (client, [b""])
        poller.register(client, 1)

def hear(number):
    client, heard = clients[number]
    try:
        data = heard[0] + client.recv(65536)
        end = data.find(b"\r\n\r\n")
        whole = data[:4] == b"POST" and end > 0 and data[-1:] == b"}"
        heard[0] = b"" if whole else data
        if whole:
            fresh = b"onnection: close" in data[:end]
            client.send(FRESH if fresh else KEPT)
        if whole and fresh or not data:
            clients.pop(number)[0].close()
    except OSError:
        clients.pop(number)[0].close()

while True:
    for number, _ in poller.poll():
        accept() if number == listener.fileno() else hear(number)
"""

METER = """
import json, os, time
from locust import events
begun = {}
@events.spawning_complete.add_listener
def begin(**_):
    begun.setdefault("t", os.times()); begun.setdefault("cpu", time.process_time())
@events.test_stopping.add_listener
def end(environment, **_):
    user_s, system_s = (now - then for now, then in zip(os.times()[:2], begun["t"][:2]))
    total = environment.stats.total
    with open(os.environ["METER"], "w") as file:
        json.dump({"cpu_s": time.process_time() - begun["cpu"], "user_s": user_s, "system_s": system_s, "requests": total.num_requests, "failures": total.num_failures}, file)
"""

OURS = "from drdrill.traffic.locust_dispatcher import Dispatcher\n" + METER

THEIRS = (
    METER
    + """
from locust import FastHttpUser, constant, task
class Customer(FastHttpUser):
    wait_time = constant(0)
    @task
    def transfer(self):
        self.client.post("/transfer", json={"op_id": 1, "debit": 1, "credit": 2, "amount_paise": 100}HEADERS)
"""
)

Told = dict[str, float]


class Bench:
    """A server, and a folder in which Locust runs against it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._host = f"http://127.0.0.1:{port}"

    def run(self, locustfile: str, *words: str) -> Told:
        """One headless run of Locust; returns what its meter said."""
        (self._folder / "bench.py").write_text(locustfile)
        meter = self._folder / "meter.json"
        locust = [sys.executable, "-m", "locust", "-f", "bench.py", "--headless", "--only-summary"]
        done = subprocess.run(
            [*locust, "--exit-code-on-error", "0", "--run-time", f"{RUN_S}s", "--host", self._host, *words],
            cwd=self._folder,
            env=os.environ | {"METER": str(meter), "HOME": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        told: Told = json.loads(meter.read_text())
        return told

    def ours(self, connections: str, rate: int) -> tuple[Told, np.ndarray]:
        """Our dispatcher: what its meter said, and how much later than due each operation was sent, in ms."""
        record = self._folder / "ours.ops"
        record.unlink(missing_ok=True)
        words = ("--connections", connections, "--rate", str(rate), "--journeys", "transfer=1", "--record", str(record))
        told = self.run(OURS, *words)
        operations, *_ = read_operations(record)
        return told, (operations["sent_ns"] - operations["due_ns"])[operations["sent_ns"] > 0] / 1e6

    def theirs(self, headers: str) -> Told:
        """FastHttpUser, ten customers of it."""
        return self.run(THEIRS.replace("HEADERS", headers), "--users", "10", "--spawn-rate", "10")


def per_cpu_s(told: Told) -> float:
    """Requests that succeeded, for each second of the generator's CPU."""
    return (told["requests"] - told["failures"]) / told["cpu_s"]


def described(name: str, rounds: list[Told]) -> str:
    """A contestant's median round as a line."""
    told = sorted(rounds, key=per_cpu_s)[len(rounds) // 2]
    user_us, system_us = (told[key] / told["requests"] * 1e6 for key in ("user_s", "system_s"))
    return (
        f"{name:36} {per_cpu_s(told):8,.0f} requests a CPU second ({user_us:3.0f} us user, "
        f"{system_us:3.0f} us system, {told['requests'] / RUN_S:6,.0f}/s sent, {told['failures']:.0f} not served)"
    )


def compare(bench: Bench) -> None:
    """Run the contestants in turn, and print their median rounds and the ratios round by round."""
    contestants = {
        "ours, kept, recorded": lambda: bench.ours("kept", RATE_KEPT)[0],
        "FastHttpUser, kept": lambda: bench.theirs(""),
        "ours, fresh, recorded": lambda: bench.ours("fresh", RATE_FRESH)[0],
        "FastHttpUser, fresh": lambda: bench.theirs(', headers={"Connection": "close"}'),
    }
    rounds: dict[str, list[Told]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            rounds[name].append(run())
    for name, told in rounds.items():
        print(described(name, told))
    for mine, other in (("kept", "kept"), ("fresh", "fresh"), ("fresh", "kept")):
        pairs = zip(rounds[f"ours, {mine}, recorded"], rounds[f"FastHttpUser, {other}"], strict=True)
        ratios = sorted(per_cpu_s(one) / per_cpu_s(two) for one, two in pairs)
        print(
            f"ours {mine} / FastHttpUser {other}: {statistics.median(ratios):.1f} "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f} in {ROUNDS} rounds)"
        )


def lags(bench: Bench) -> None:
    """Print how late operations are sent, as a share of what is allowed."""
    for connections in ("fresh", "kept"):
        for rate in LAG_RATES:
            _, late_ms = bench.ours(connections, rate)
            median, p99, worst = np.percentile(late_ms, (50, 99, 100))
            print(
                f"schedule lag at {rate}/s, {connections}: p50 {median:.2f} ms, p99 {p99:.2f} ms "
                f"({p99 / LAG_LIMIT_MS:.0%} of {LAG_LIMIT_MS:g} ms), worst {worst:.2f} ms"
            )


@contextmanager
def opened() -> Iterator[Bench]:
    """The server in a process of its own."""
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        try:
            yield Bench(Path(name), int(server.stdout.readline()))
        finally:
            server.kill()


def main() -> None:
    """Print requests a CPU second for all, their ratios, and the schedule lag."""
    with opened() as bench:
        compare(bench)
        lags(bench)


if __name__ == "__main__":
    main()
