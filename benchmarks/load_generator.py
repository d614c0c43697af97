"""What a request costs the load generator, and how late it is sent: our dispatcher beside Locust's FastHttpUser.

Run ``python benchmarks/load_generator.py``. All run in turn against the same local server: ours, with a connection for
each request and everything on record; FastHttpUser with a connection for each request; and FastHttpUser with kept-alive
connections, which no measurement may use (a dead one hides the next result). Neither of those records anything. The ratios of
requests a CPU second count; seconds depend on the machine. On loopback most of our cost is the kernel's, which does both ends
of every connection in the client's time: printed as system time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from drdrill.record.operations import read_operations

ROUNDS = 3
RUN_S = 6
RATE = 3000
PORT = 18_491
REPOSITORY = Path(__file__).parents[1]

SERVER = """
import asyncio, sys
BODY = b'{"promise":"done","debit_seq":1,"credit_seq":1,"seq":5}'
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY) + BODY
class Bank(asyncio.Protocol):
    def connection_made(self, transport): self.transport, self.data = transport, b""
    def data_received(self, data):
        self.data += data
        if not self.data.endswith((b"}", b"\\r\\n\\r\\n")) or self.data[:4] == b"POST" and self.data[-1:] != b"}":
            return
        self.transport.write(ANSWER)
        if b"connection: close" in self.data.lower(): self.transport.close()
        self.data = b""
async def main():
    server = await asyncio.get_running_loop().create_server(Bank, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

METER = """
import json, os, time
from locust import events
begun = {}
@events.spawning_complete.add_listener
def begin(**_):
    begun.setdefault("cpu", time.process_time()); begun["t"] = os.times()
@events.test_stopping.add_listener
def end(environment, **_):
    spent = time.process_time() - begun["cpu"]
    with open(os.environ["METER"], "w") as file:
        json.dump({"cpu_s": spent, "user_s": os.times()[0] - begun["t"][0], "system_s": os.times()[1] - begun["t"][1], "requests": environment.stats.total.num_requests, "failures": environment.stats.total.num_failures}, file)
"""

OURS = METER + "from drdrill.traffic.locust_dispatcher import Dispatcher\n"

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
FAST = THEIRS.replace("HEADERS", ', headers={"Connection": "close"}')
FAST_KEPT_ALIVE = THEIRS.replace("HEADERS", "")


def run(folder: Path, locustfile: str, *words: str) -> dict[str, float]:
    """One headless run of Locust; returns what its meter said."""
    (folder / "bench.py").write_text(locustfile)
    meter = folder / "meter.json"
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
        "--run-time",
        f"{RUN_S}s",
    ]
    done = subprocess.run(
        [*command, "--host", f"http://127.0.0.1:{PORT}", *words],
        cwd=folder,
        env=os.environ | {"METER": str(meter), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, float] = json.loads(meter.read_text())
    return told


def per_cpu_s(told: dict[str, float]) -> float:
    """Requests that succeeded, for each second of the generator's CPU."""
    return (told["requests"] - told["failures"]) / told["cpu_s"]


def described(name: str, told: dict[str, float]) -> str:
    """One run as a line."""
    user_us, system_us = (told[key] / told["requests"] * 1e6 for key in ("user_s", "system_s"))
    return (
        f"{name:32} {per_cpu_s(told):8,.0f} requests a CPU second "
        f"({user_us:.0f} us user, {system_us:.0f} us system; {told['failures']:.0f} failed)"
    )


def lag_ms(folder: Path, rate: int) -> tuple[float, float]:
    """Median and 99th percentile of how much later than due operations were sent."""
    record = folder / f"lag-{rate}.ops"
    run(folder, OURS, "--rate", str(rate), "--record", str(record))
    operations, *_ = read_operations(record)
    late = (operations["sent_ns"] - operations["due_ns"]) / 1e6
    record.unlink()
    return float(np.median(late)), float(np.percentile(late, 99))


def compare(folder: Path) -> None:
    """Run the contestants in turn, and print their best rounds and the ratios."""
    closed_loop = ("--users", "10", "--spawn-rate", "10")
    contestants = {
        "ours": (OURS, ("--rate", str(RATE))),
        "FastHttpUser": (FAST, closed_loop),
        "FastHttpUser, kept alive": (FAST_KEPT_ALIVE, closed_loop),
    }
    best: dict[str, dict[str, float]] = {}
    for number in range(ROUNDS):
        for name, (locustfile, words) in contestants.items():
            record = ("--record", str(folder / f"{number}.ops")) if name == "ours" else ()
            told = run(folder, locustfile, *words, *record)
            best[name] = max(told, best.get(name, told), key=per_cpu_s)
    for name, told in best.items():
        print(described(name, told))
    for name in list(best)[1:]:
        print(f"ours / {name}: {per_cpu_s(best['ours']) / per_cpu_s(best[name]):.1f}")


def main() -> None:
    """Print requests a CPU second for both, their ratio, and the schedule lag."""
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", SERVER, str(PORT)], stdout=subprocess.PIPE) as server,
    ):
        folder = Path(name)
        assert server.stdout is not None
        server.stdout.readline()
        try:
            compare(folder)
            for rate in (150, 500):
                median, p99 = lag_ms(folder, rate)
                print(f"schedule lag at {rate}/s: p50 {median:.2f} ms, p99 {p99:.2f} ms")
        finally:
            server.send_signal(signal.SIGKILL)


if __name__ == "__main__":
    main()
