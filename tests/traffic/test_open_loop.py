"""Open-loop truth: an outage does not thin out its own evidence."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np

from drdrill.model.operation import Outcome
from drdrill.traffic.door import Door

from .bank import Bank
from .sending import A_TRANSFER, sent_at

RATE_PER_S = 200


def test_a_blackhole_of_one_second_at_200_a_second_makes_200_bad_operations(bank: Bank, tmp_path: Path) -> None:
    """What was due in the hole was sent into the hole, and everything around it is good."""
    begin_ns = time.monotonic_ns() + 200_000_000
    due_ns = [begin_ns + number * 10**9 // RATE_PER_S for number in range(3 * RATE_PER_S)]
    hole_ns = (begin_ns + 10**9, begin_ns + 2 * 10**9)

    def blackhole() -> None:
        for at_ns, manners in zip(hole_ns, ("hang", "ok"), strict=True):
            threading.Event().wait((at_ns - time.monotonic_ns()) / 1e9)
            bank.manners = manners

    holing = threading.Thread(target=blackhole)
    holing.start()
    operations = sent_at(tmp_path / "a.ops", Door("127.0.0.1", bank.port), due_ns, A_TRANSFER, deadline_s=0.5)
    holing.join()
    assert operations["due_ns"].tolist() == due_ns
    bad = operations["outcome"] != Outcome.ACKED
    assert abs(int(bad.sum()) - RATE_PER_S) <= 10
    edges_ns = operations["due_ns"][bad][[0, -1]]
    assert np.abs(edges_ns - hole_ns).max() < 60_000_000


def test_what_is_late_is_sent_all_the_same_and_both_times_are_recorded(bank: Bank, tmp_path: Path) -> None:
    """A client that stood still for half a second: nothing is skipped, the lag is on record."""
    now_ns = time.monotonic_ns()
    due_ns = [now_ns - 500_000_000 + number * 5_000_000 for number in range(200)]
    operations = sent_at(tmp_path / "a.ops", Door("127.0.0.1", bank.port), due_ns, A_TRANSFER, deadline_s=1.0)
    assert operations["due_ns"].tolist() == due_ns
    assert (operations["outcome"] == Outcome.ACKED).all()
    lag_ns = operations["sent_ns"] - operations["due_ns"]
    assert lag_ns[0] >= 500_000_000
    assert lag_ns[-1] < 200_000_000
