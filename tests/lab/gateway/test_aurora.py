"""A secondary that is made to follow is not called connected before it is known to hold the same books."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.lab.conftest import TARGET

from drdrill.errors import EstateError
from drdrill.lab.gateway.aurora import AuroraGlobal
from drdrill.lab.gateway.darkness import Darkness
from drdrill.lab.gateway.database import Database, Observation
from drdrill.lab.state import Rejoined
from drdrill.waiting import wait_until

MUMBAI, HYDERABAD = TARGET.regions


class Streaming(Database):
    """A database whose log streams, as far as one look can tell; a promotion always works."""

    def observe(self, limit_s: float = 1.0) -> Observation | None:
        """Follow, and stream."""
        return Observation(
            at_ns=1, in_recovery=True, replayed=1, received=1, streaming=True, read_only=True, version="16.1"
        )

    def promote(self, limit_s: float) -> None:
        """Done."""

    def fence(self, limit_s: float = 2.0) -> None:
        """Done."""


def failed_over(rejoin: Callable[[str, str | None], Rejoined]) -> AuroraGlobal:
    """Hyderabad writes; Mumbai can be reached, and is made to follow."""
    databases: dict[str, Database] = {region: Streaming(region, "host=nowhere") for region in TARGET.regions}
    aurora = AuroraGlobal(TARGET, databases, Darkness(), rejoin=rejoin)
    hyderabad = aurora.in_region(HYDERABAD)
    assert hyderabad is not None
    aurora.fail_over(hyderabad)
    return aurora


def test_a_secondary_whose_log_streams_already_is_not_connected_while_its_books_are_still_compared() -> None:
    comparing, same = threading.Event(), threading.Event()

    def rejoin(region: str, _keep_as: str | None) -> Rejoined:
        comparing.set()
        assert same.wait(10)
        return Rejoined(region=region, by="rewind")

    aurora = failed_over(rejoin)
    mumbai = aurora.in_region(MUMBAI)
    assert mumbai is not None and comparing.wait(10)
    assert aurora.observe(mumbai) is not None
    assert not aurora.is_connected(mumbai)
    assert aurora.snapshots(MUMBAI) == ()
    same.set()
    wait_until("it is connected", lambda: aurora.is_connected(mumbai), limit_s=10)
    assert mumbai.rejoined == Rejoined(region=MUMBAI, by="rewind")
    assert len(aurora.snapshots(MUMBAI)) == 1


def test_a_secondary_whose_books_differ_is_never_connected_and_says_why() -> None:
    def rejoin(_region: str, _keep_as: str | None) -> Rejoined:
        raise EstateError("the books differ")

    aurora = failed_over(rejoin)
    mumbai = aurora.in_region(MUMBAI)
    assert mumbai is not None
    told = f"{MUMBAI} does not follow yet: the books differ"
    wait_until("it says why", lambda: aurora.problems == (told,), limit_s=10)
    assert not aurora.is_connected(mumbai)
    aurora.stop()
