"""Amazon Route 53 of the lab: moto keeps zones and health checks; names are really served and endpoints really checked."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from moto.route53.models import FakeZone, Route53Backend, route53_backends
from moto.route53.models import HealthCheck as MotoHealthCheck
from moto.route53.models import RecordSet as MotoRecordSet

from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.health_check import TYPES, Checker, HealthCheck, Report
from drdrill.lab.gateway.health_patrol import HealthPatrol
from drdrill.lab.gateway.locks import Locks
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.records import Answer, Outlook, Record, Zone, canonical, resolve

Document = dict[str, Any]
SERVED_TYPES = frozenset({"A", "AAAA", "CNAME", "TXT", "NS", "SOA", "MX", "CAA", "PTR", "SRV"})
_KEPT_CHECK_FIELDS = frozenset(
    {
        "IPAddress",
        "Port",
        "Type",
        "ResourcePath",
        "FullyQualifiedDomainName",
        "SearchString",
        "RequestInterval",
        "FailureThreshold",
        "Inverted",
        "Disabled",
    }
)
_OTHER_POLICIES = ("Region", "GeoLocation", "MultiValueAnswer", "CidrRoutingConfig", "GeoProximityLocation")


class Route53:
    """Zones and checks out of moto's store, as values, under the service's lock.

    ``addresses`` answers AWS host names (of distributions) with IP addresses; ``endpoints`` maps host names that only exist
    inside AWS (of load balancers) to the address where checkers reach them; ``intervals_s`` overrides the interval of
    checks that the lab made itself, because AWS knows whole seconds only. ``endpoints_of_aws`` are zones that belong to AWS and to
    no account: the name server answers for them too.
    """

    def __init__(
        self,
        account_id: str,
        locks: Locks,
        addresses: dict[str, tuple[str, ...]],
        endpoints: dict[str, str],
        ttl_s: int,
        endpoints_of_aws: Callable[[], tuple[Zone, ...]] = tuple,
    ) -> None:
        self._of_aws = endpoints_of_aws
        self.backend: Route53Backend = route53_backends[account_id]["aws"]
        self.intervals_s: dict[str, float] = {}
        self.patrol = HealthPatrol(self.health_checks)
        self._lock = locks["route53"]
        self._endpoints = endpoints
        self._outlook = Outlook(
            healthy=self.patrol.is_healthy,
            addresses=lambda name: addresses.get(name, ()),
            draw=random.random,
            alias_ttl_s=ttl_s,
        )

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "GetHealthCheckStatus": self.get_health_check_status,
            "GetHealthCheckLastFailureReason": self.get_health_check_last_failure_reason,
            "TestDNSAnswer": self.test_dns_answer,
        }

    def guards(self) -> dict[str, Callable[[Call], None]]:
        """What is looked at before moto may act: refuses what would be stored and then ignored."""
        return {
            "CreateHealthCheck": self._refuse_check,
            "UpdateHealthCheck": self._refuse_change_of_check,
            "ChangeResourceRecordSets": self._refuse_records,
        }

    def zones(self) -> tuple[Zone, ...]:
        """All hosted zones with their record sets."""
        with self._lock:
            return tuple(_zone(zone) for zone in self.backend.zones.values())

    def health_checks(self) -> list[HealthCheck]:
        """All health checks, with the address where each really goes."""
        with self._lock:
            return [self._check(stored) for stored in self.backend.health_checks.values()]

    def ask(self, name: str, kind: str) -> Answer:
        """What the name server answers now."""
        return resolve((*self._of_aws(), *self.zones()), name, kind, self._outlook)

    def get_health_check_status(self, call: Call) -> Document:
        """What each checker saw last; nothing from one that has not looked yet."""
        return _observations(self._checkers(call), lambda checker: checker.newest)

    def get_health_check_last_failure_reason(self, call: Call) -> Document:
        """The last failure that each checker saw."""
        return _observations(self._checkers(call), lambda checker: checker.newest_failure)

    def test_dns_answer(self, call: Call) -> Document:
        """The answer of the zone's own name server."""
        zone_id, name = call.parameters["HostedZoneId"].rsplit("/", 1)[-1], call.parameters["RecordName"]
        kind = call.parameters["RecordType"]
        zone = next((zone for zone in self.zones() if zone.id == zone_id), None)
        if zone is None:
            raise AwsFault("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
        answer = resolve((zone,), name, kind, self._outlook)
        return {
            "Nameserver": f"ns-1.{canonical(zone.name)}",
            "RecordName": name,
            "RecordType": kind,
            "RecordData": [line.value for line in answer.lines],
            "ResponseCode": answer.code,
            "Protocol": "UDP",
        }

    def _checkers(self, call: Call) -> list[Checker]:
        check_id = call.parameters["HealthCheckId"]
        if check_id not in {check.id for check in self.health_checks()}:
            raise AwsFault("NoSuchHealthCheck", f"A health check with id {check_id} does not exist.")
        return self.patrol.checkers(check_id)

    def _check(self, stored: MotoHealthCheck) -> HealthCheck:
        name = stored.ip_address or stored.fqdn or ""
        host, port = name, int(stored.port)
        if name in self._endpoints:
            host, listening = self._endpoints[name].rsplit(":", 1)
            port = int(listening)
        return HealthCheck(
            id=stored.id,
            type=stored.type_ or "HTTP",
            host=host,
            port=port,
            path=stored.resource_path or "/",
            name=stored.fqdn or f"{name}:{port}",
            interval_s=self.intervals_s.get(stored.id, float(stored.request_interval)),
            threshold=int(stored.failure_threshold),
            search=stored.search_string or "",
            inverted=_truth(stored.inverted),
            disabled=_truth(stored.disabled),
        )

    def _refuse_check(self, call: Call) -> None:
        config = call.parameters["HealthCheckConfig"]
        if config["Type"] not in TYPES:
            raise NotInLab(f"Route 53 health checks of type {config['Type']}")
        _refuse_fields(config)

    def _refuse_change_of_check(self, call: Call) -> None:
        """Also counts the version on, which moto forgets."""
        asked = {
            key: value for key, value in call.parameters.items() if key not in ("HealthCheckId", "HealthCheckVersion")
        }
        _refuse_fields(asked)
        with self._lock:
            stored = self.backend.health_checks.get(call.parameters["HealthCheckId"])
            expected = call.parameters.get("HealthCheckVersion")
            if stored is not None and expected not in (None, stored.health_check_version):
                message = f"the health check has version {stored.health_check_version}, not {expected}"
                raise AwsFault("HealthCheckVersionMismatch", message)
            if stored is not None:
                stored.health_check_version += 1

    def _refuse_records(self, call: Call) -> None:
        for change in call.parameters["ChangeBatch"]["Changes"]:
            record = change["ResourceRecordSet"]
            unserved = [policy for policy in _OTHER_POLICIES if policy in record]
            if unserved:
                raise NotInLab(f"Route 53 record sets with {', '.join(unserved)}")
            if record["Type"] not in SERVED_TYPES:
                raise NotInLab(f"Route 53 record sets of type {record['Type']}")
            if change["Action"] == "DELETE":
                self._refuse_ambiguous_deletion(record)
            alias = record.get("AliasTarget", {})
            if alias.get("EvaluateTargetHealth"):
                raise NotInLab("EvaluateTargetHealth", "give the record set a health check")

    def _refuse_ambiguous_deletion(self, record: Document) -> None:
        """moto deletes by set identifier alone, and would delete the record sets of other names too."""
        wanted = (canonical(record["Name"]), record["Type"])
        for zone in self.backend.zones.values():
            for stored in zone.rrsets:
                same = stored.set_identifier is not None and stored.set_identifier == record.get("SetIdentifier")
                if same and (canonical(stored.name), stored.type) != wanted:
                    raise NotInLab("deletion of one of two record sets with the same SetIdentifier")


def _refuse_fields(config: Document) -> None:
    """Refuse the settings of a check that nothing in the lab would obey."""
    unheeded = sorted(
        key for key, value in config.items() if key not in _KEPT_CHECK_FIELDS and value not in (False, [], None)
    )
    if unheeded:
        raise NotInLab(f"health checks with {', '.join(unheeded)}")


def _truth(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _zone(zone: FakeZone) -> Zone:
    return Zone(zone.resource_id, zone.name, tuple(_record(stored) for stored in zone.rrsets))


def _record(stored: MotoRecordSet) -> Record:
    alias = stored.alias_target or {}
    return Record(
        name=stored.name,
        type=str(stored.type),
        ttl_s=int(stored.ttl or 0),
        values=tuple(_text(value) for value in stored.records or ()),
        alias=alias.get("DNSName"),
        failover=stored.failover,
        weight=None if stored.weight is None else int(stored.weight),
        health_check_id=stored.health_check_id,
    )


def _text(value: object) -> str:
    """A value as text; moto wraps the one of the SOA record that it makes itself."""
    return str(value["Value"] if isinstance(value, dict) else value)


def _observations(checkers: list[Checker], pick: Callable[[Checker], Report | None]) -> Document:
    seen = [(checker.region, pick(checker)) for checker in checkers]
    return {
        "HealthCheckObservations": [
            {
                "Region": region,
                "IPAddress": "127.0.0.1",
                "StatusReport": {"Status": report.text, "CheckedTime": report.at},
            }
            for region, report in seen
            if report is not None
        ]
    }
