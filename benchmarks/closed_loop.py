"""What a closed loop would have said of a stall, beside the open-loop record of the same stall, and beside the truth.

Run ``python benchmarks/closed_loop.py``. A server stands still once, for a known time. In turn, each with a server of its own, two
contestants ask it for as much: ours by the clock, on record; and ten customers of Locust's FastHttpUser with ``constant_throughput``,
each of whom waits for an answer before asking again, as most load tools do. The truth needs no measurement: a customer who comes at any
moment of the run meets the stall with the probability (length of the stall / length of the run), and then waits for what is left of it. So the share that
waits longer than x is (stall - x) / run, and the p-th percentile is stall - (1 - p) * run. What the closed loop leaves out is called coordinated omission
(Gil Tene, "How NOT to Measure Latency"). Only the ratios to the truth count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drdrill.record.operations import read_operations

RATE, CUSTOMERS = 200, 10
RUN_S, STALL_AFTER_S, STALL_S = 10.0, 4.0, 2.0
"""The run that is looked at begins with the first request that the server hears."""
MARGIN_S = 4
"""Locust's own start, and what is still in flight when the run is over."""
LIMIT_S = 1.0
"""The plan's default for a good operation."""

SERVER = r"""
import select, socket, sys, time
AFTER_S, STALL_S = float(sys.argv[1]), float(sys.argv[2])
BODY = b'{"promise":"done","debit_seq":1,"credit_seq":1}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Served-By-Region: ap-south-1\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(listener.getsockname()[1], flush=True)
poller, clients = select.epoll(), {}
poller.register(listener, 1)
began = stalled = None
while True:
    for number, _ in poller.poll(0.01):
        if number == listener.fileno():
            client, _ = listener.accept()
            clients[client.fileno()] = (client, [b""])
            poller.register(client, 1)
            continue
        client, heard = clients[number]
        try:
            heard[0] += client.recv(65536)
            whole = heard[0].endswith(b"}")
            if whole:
                began = began or time.monotonic_ns()
                client.send(ANSWER)
                heard[0] = b""
            elif not heard[0]:
                clients.pop(number)[0].close()
        except OSError:
            clients.pop(number)[0].close()
    if began and not stalled and time.monotonic_ns() - began > AFTER_S * 1e9:
        stalled = time.monotonic_ns()
        select.epoll().poll(STALL_S)
        print(began, stalled, time.monotonic_ns(), flush=True)
"""

THEIRS = """
import os, time
from locust import FastHttpUser, constant_throughput, events, task
told = open(os.environ["TOLD"], "w", buffering=1)
@events.request.add_listener
def note(response_time, **_):
    told.write(f"{time.monotonic_ns() - int(response_time * 1e6)} {response_time / 1e3}\\n")
class Customer(FastHttpUser):
    wait_time = constant_throughput(EACH)
    @task
    def transfer(self):
        self.client.post("/transfer", json={"op_id": 1, "debit": 1, "credit": 2, "amount_paise": 100})
"""
OURS = "from drdrill.traffic.locust_dispatcher import Dispatcher\n"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Waits:
    """How long each request of one contestant's run waited, in seconds, and how long the stall was."""

    seconds: Floats
    stall_s: float

    def percentile(self, share: float) -> float:
        """The wait that this share of the requests did not exceed."""
        return float(np.quantile(self.seconds, share))

    @property
    def slow(self) -> float:
        """The share that waited longer than the limit."""
        return float(np.mean(self.seconds > LIMIT_S))


def locust(folder: Path, port: int, text: str, *words: str) -> None:
    """One headless run of Locust."""
    (folder / "bench.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "bench.py",
        "--headless",
        "--only-summary",
        "--exit-code-on-error",
        "0",
    ]
    run_s = str(int(RUN_S) + MARGIN_S)
    done = subprocess.run(
        [*command, "--run-time", run_s, "--host", f"http://127.0.0.1:{port}", *words],
        cwd=folder,
        env=os.environ | {"TOLD": str(folder / "told"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def ours(folder: Path, port: int, connections: str) -> tuple[Floats, Floats]:
    """When each operation was due (ns), and how long after that it was done (s)."""
    words = ("--connections", connections, "--rate", str(RATE), "--journeys", "transfer=1", "--deadline", "5")
    locust(folder, port, OURS, *words, "--record", "ours.ops")
    operations, *_ = read_operations(folder / "ours.ops")
    assert (operations["done_ns"] > 0).all(), json.dumps(np.bincount(operations["outcome"]).tolist())
    return operations["due_ns"].astype(float), (operations["done_ns"] - operations["due_ns"]) / 1e9


def theirs(folder: Path, port: int) -> tuple[Floats, Floats]:
    """When each request was sent (ns), and how long after that it was answered (s)."""
    each = str(RATE / CUSTOMERS)
    locust(folder, port, THEIRS.replace("EACH", each), "--users", str(CUSTOMERS), "--spawn-rate", str(CUSTOMERS))
    told = np.loadtxt(folder / "told")
    return told[:, 0], told[:, 1]


def waits(contestant: Callable[[Path, int], tuple[Floats, Floats]]) -> Waits:
    """What one contestant tells of the run, against a server of its own that stands still once."""
    server_words = [sys.executable, "-c", SERVER, str(STALL_AFTER_S), str(STALL_S)]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(server_words, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        try:
            began, took_s = contestant(Path(name), int(server.stdout.readline()))
            first_ns, stalled_ns, again_ns = map(int, server.stdout.readline().split())
        finally:
            server.kill()
    inside = (began >= first_ns) & (began < first_ns + RUN_S * 1e9)
    return Waits(took_s[inside], (again_ns - stalled_ns) / 1e9)


def described(name: str, told: Waits) -> None:
    """Print a contestant's figures, each with its ratio to the truth."""
    print(f"\n{name}: {len(told.seconds):,} requests in the run")
    for share in (0.9, 0.95, 0.99):
        true_s = told.stall_s - (1 - share) * RUN_S
        said_s = told.percentile(share)
        print(
            f"  p{share * 100:.0f}    {said_s * 1e3:8.1f} ms   truth {true_s * 1e3:8.1f} ms   said / truth {said_s / true_s:.3f}"
        )
    true = (told.stall_s - LIMIT_S) / RUN_S
    print(f"  > {LIMIT_S:g} s  {told.slow:8.1%}      truth {true:8.1%}      said / truth {told.slow / true:.3f}")
    level = "met" if told.slow <= 0.01 else "not met"
    print(f"  a service level of 99 % within {LIMIT_S:g} s, over the run: {level}")


def main() -> None:
    """Print what each contestant says of the stall."""
    print(
        f"a stall of {STALL_S:g} s in a run of {RUN_S:g} s at {RATE}/s; latency and its truth, each contestant in turn"
    )
    described("ours, fresh connections", waits(lambda folder, port: ours(folder, port, "fresh")))
    described("ours, kept connections", waits(lambda folder, port: ours(folder, port, "kept")))
    described(f"closed loop, {CUSTOMERS} customers of FastHttpUser", waits(theirs))


if __name__ == "__main__":
    main()
