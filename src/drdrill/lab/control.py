"""The lab's levers for any process of a drill: cut and heal links, kill and start regions, ask what is alive."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drdrill.errors import EstateError
from drdrill.lab.link import Direction, LinkState, Mode
from drdrill.lab.state import DatabaseState, RegionProcess, Rejoined, Switched
from drdrill.lab.zones import is_in, region_of_zone
from drdrill.model.estate import Address, Estate

LAB_FILE = "lab.json"
TOKEN_HEADER = "X-Lab-Token"  # noqa: S105 (the name of a header)
ANSWER_S = 5.0
REGION_S = 90.0
SWITCHOVER_S = 180.0


class LabControl:
    """A client of the lab's supervisor. Every method waits for its answer, and raises ``EstateError`` with a sentence."""

    def __init__(self, address: Address, token: str) -> None:
        self._address = address
        self._token = token

    @classmethod
    def from_dir(cls, lab_dir: str | Path) -> LabControl:
        """The control of the lab that lives in this directory (``Estate.lab_dir``)."""
        path = Path(lab_dir) / LAB_FILE
        try:
            document = json.loads(path.read_text())
        except OSError as error:
            raise EstateError(
                f"the lab cannot be controlled: {path} cannot be read ({error.strerror}); is it open?"
            ) from error
        return cls(Address.model_validate(document["control"]), document["token"])

    @staticmethod
    def estate_of(lab_dir: str | Path) -> Estate:
        """The estate that the lab in this directory is."""
        return Estate.model_validate(json.loads((Path(lab_dir) / LAB_FILE).read_text())["estate"])

    def links(self) -> dict[str, LinkState]:
        """Every link by name."""
        return _by_name(self._ask("GET", "/links"))

    def links_touching(self, region: str) -> list[str]:
        """The names of all links that begin or end in the region, or in one of its zones; a zone's own when one is named."""
        links = self.links().values()
        return [link.name for link in links if is_in(link.from_place, region) or is_in(link.to_place, region)]

    def cut(self, names: Iterable[str], mode: Mode = "blackhole") -> dict[str, LinkState]:
        """Cut links, established connections included, all within one turn of the relays' event loop."""
        return self._change(names, mode=mode)

    def delay(self, names: Iterable[str], seconds: float, direction: Direction = "both") -> dict[str, LinkState]:
        """Delay every byte by so many seconds, one way."""
        return self._change(names, delay_s=seconds, direction=direction)

    def throttle(
        self, names: Iterable[str], bytes_per_s: float | None, direction: Direction = "both"
    ) -> dict[str, LinkState]:
        """Let at most so many bytes a second through each link; None takes the limit away."""
        return self._change(names, bytes_per_s=bytes_per_s, unthrottled=bytes_per_s is None, direction=direction)

    def open(self, names: Iterable[str]) -> dict[str, LinkState]:
        """Take links back to how the lab was opened; connections that lived through a blackhole are reset."""
        return self._change(names, mode="open", restore=True)

    def darken(self, region: str) -> None:
        """Let every AWS API call that is signed for the region hang."""
        self._ask("POST", "/dark", {"region": region, "dark": True})

    def lighten(self, region: str) -> None:
        """Let the AWS API answer for the region again."""
        self._ask("POST", "/dark", {"region": region, "dark": False})

    def is_dark(self, region: str) -> bool:
        """Whether the AWS API hangs for the region, as the gateway itself says."""
        return region in self._ask("GET", "/dark")["dark"]

    def kill_region(self, region: str) -> list[int]:
        """Freeze every process of the region, then kill them all as trees and wait until they are gone; returns their ids.

        Cut the region's links first: what a killed server has already written into a socket still arrives.
        """
        killed: list[int] = self._ask("POST", "/kill-region", {"region": region}, REGION_S)["killed"]
        return killed

    def region_processes(self, region: str) -> list[RegionProcess]:
        """Every process seen in the region since it was last started, dead ones included."""
        answer = self._ask("POST", "/region-processes", {"region": region})
        return [RegionProcess.model_validate(process) for process in answer["processes"]]

    def start_region(self, region: str, *, fenced: bool) -> None:
        """Start PostgreSQL, workers and load balancer again; ``fenced``: the database cannot take writes."""
        self._ask("POST", "/start-region", {"region": region, "fenced": fenced}, REGION_S)

    def kill_zone(self, zone: str) -> list[int]:
        """As ``kill_region``, for what runs in one availability zone."""
        body = {"region": region_of_zone(zone), "zone": zone}
        killed: list[int] = self._ask("POST", "/kill-region", body, REGION_S)["killed"]
        return killed

    def start_zone(self, zone: str) -> None:
        """Start the workers of an availability zone again. Its database stays down: RDS builds a new one there."""
        self._ask("POST", "/start-region", {"region": region_of_zone(zone), "zone": zone, "fenced": True}, REGION_S)

    def zone_processes(self, zone: str) -> list[RegionProcess]:
        """Every process seen in the zone since it was last started, dead ones included."""
        answer = self._ask("POST", "/region-processes", {"region": region_of_zone(zone), "zone": zone})
        return [RegionProcess.model_validate(process) for process in answer["processes"]]

    def kill_database(self, place: str) -> None:
        """Kill one server of a Multi-AZ deployment, as its own control plane does when it forces a failover."""
        self._ask("POST", "/kill-database", {"place": place}, REGION_S)

    def rebuild_database(self, place: str, upstream: str) -> None:
        """Replace one server of a Multi-AZ deployment by a fresh copy of another; returns when it follows that."""
        self._ask("POST", "/rebuild-database", {"place": place, "upstream": upstream}, REGION_S)

    def follow_database(self, place: str, upstream: str) -> None:
        """Let a read replica follow another server of the deployment from now on."""
        self._ask("POST", "/follow-database", {"place": place, "upstream": upstream}, REGION_S)

    def database(self, region: str) -> DatabaseState:
        """The region's database, asked directly and not through a link; a write is really tried."""
        return DatabaseState.model_validate(self._ask("POST", "/database", {"region": region}))

    def switch_databases(self, source: str, destination: str) -> Switched:
        """Let the primary and its standby exchange their roles. The AWS API asks for this: a drill asks the AWS API.

        A switchover that did not come to its end is no error here, but ``Switched.problem``.
        """
        body = {"source": source, "destination": destination}
        return Switched.model_validate(self._ask("POST", "/switch-over", body, SWITCHOVER_S))

    def rejoin_database(self, region: str, keep_as: str | None) -> Rejoined:
        """Let a region's database follow the other one, by rewind or rebuild; its own data are copied aside under ``keep_as`` first.

        The AWS API asks for this, and for the four below: a drill asks the AWS API.
        """
        return Rejoined.model_validate(
            self._ask("POST", "/rejoin", {"region": region, "keep_as": keep_as}, SWITCHOVER_S)
        )

    def copy_snapshot(self, name: str, to: str) -> None:
        """Keep a kept copy once more, under another name."""
        self._ask("POST", "/copy-snapshot", {"name": name, "to": to}, SWITCHOVER_S)

    def restore_snapshot(self, name: str, region: str) -> None:
        """Make a server from a kept copy; it is not started yet."""
        self._ask("POST", "/restore-snapshot", {"name": name, "region": region}, SWITCHOVER_S)

    def start_restored(self, region: str) -> None:
        """Start the server that was restored in a region."""
        self._ask("POST", "/start-restored", {"region": region}, SWITCHOVER_S)

    def remove_restored(self, region: str) -> None:
        """End the server that was restored in a region, and forget its data."""
        self._ask("POST", "/remove-restored", {"region": region}, SWITCHOVER_S)

    def make_second_database(self, region: str) -> None:
        """Make a second server of the region's cluster in another zone, for which every commit waits. The AWS API asks for this."""
        self._ask("POST", "/make-second", {"region": region}, REGION_S)

    def remove_second_database(self, region: str) -> None:
        """End it; commits wait for it no more. The AWS API asks for this."""
        self._ask("POST", "/remove-second", {"region": region}, REGION_S)

    def scale_workers(self, region: str, size: int) -> None:
        """Let so many workers of the bank run in a region. The AWS API asks for this: a drill asks the AWS API."""
        self._ask("POST", "/scale-workers", {"region": region, "size": size}, REGION_S)

    def make_database(self, region: str, snapshot: str) -> None:
        """Make and start the region's server from a snapshot that lies there. The AWS API asks for this."""
        self._ask("POST", "/make-database", {"region": region, "snapshot": snapshot}, SWITCHOVER_S)

    def whole_snapshots(self, region: str) -> list[str]:
        """The names of the snapshots that are whole in a region, newest first."""
        return list(self._ask("POST", "/whole-snapshots", {"region": region})["snapshots"])

    def damage_snapshot(self, region: str, snapshot: str, *, damaged: bool) -> None:
        """Turn bits among the tables of a snapshot, or turn them back; what is so already stays so."""
        self._ask("POST", "/damage-snapshot", {"region": region, "snapshot": snapshot, "damaged": damaged})

    def is_snapshot_damaged(self, region: str, snapshot: str) -> bool:
        """Whether bits of a snapshot are turned."""
        return bool(self._ask("POST", "/look-at-snapshot", {"region": region, "snapshot": snapshot})["damaged"])

    def pause_process(self, name: str) -> None:
        """Freeze a process (a name of ``region_processes`` or ``status``) and everything below it."""
        self._ask("POST", "/pause", {"name": name})

    def resume_process(self, name: str) -> None:
        """Let it run again."""
        self._ask("POST", "/resume", {"name": name})

    def status(self) -> dict[str, Any]:
        """``processes`` (name to pid and alive), ``problems`` (sentences about what died by itself), ``timings`` of the opening."""
        return self._ask("GET", "/status")

    def _change(self, names: Iterable[str], **change: Any) -> dict[str, LinkState]:
        return _by_name(self._ask("POST", "/links", {"names": list(names), **change}))

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, limit_s: float = ANSWER_S
    ) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._address.host, self._address.port, timeout=limit_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {TOKEN_HEADER: self._token})
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EstateError(
                f"the lab did not do {path.lstrip('/')}: its supervisor at {self._address} does not answer ({error or 'no answer'}); "
                "it is closed or has died"
            ) from error
        finally:
            connection.close()
        return _document(response.status, said, path)


def _document(status: int, said: bytes, path: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(said)
    except ValueError as error:
        raise EstateError(f"the lab did not do {path.lstrip('/')}: it answered {status} without a sentence") from error
    if status != http.client.OK:
        raise EstateError(str(document.get("error", document)))
    return document


def _by_name(answer: dict[str, Any]) -> dict[str, LinkState]:
    states = [LinkState.model_validate(state) for state in answer["links"]]
    return {state.name: state for state in states}
