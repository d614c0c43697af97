"""A machine elsewhere: ``python machine.py SESSION HOME [--master HOST:PORT]``, as ``drdrill load-worker`` without the command line."""

import signal
import sys
from pathlib import Path

from drdrill.model.estate import Address
from drdrill.traffic.load_worker import LoadWorker
from drdrill.traffic.worker_session import read_worker_session

session, home, *master = sys.argv[1:]
host, _, port = master[1].rpartition(":") if master else ("", "", "")
worker = LoadWorker(
    read_worker_session(Path(session)),
    Path(home),
    master=Address(host=host, port=int(port)) if master else None,
    tell=lambda sentence: print(sentence, flush=True),  # noqa: T201
)
signal.signal(signal.SIGTERM, lambda _number, _frame: worker.stop())
worker.run()
