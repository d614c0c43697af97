"""Route 53's answers, as a pure function of zones and health: which record set of a name speaks now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SUPPORTED_POLICIES = ("simple", "failover", "weighted")
_DEPTH = 5


@dataclass(frozen=True)
class Record:
    """One record set. ``alias`` is a name, and then ``values`` is empty."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...] = ()
    alias: str | None = None
    failover: str | None = None
    weight: int | None = None
    health_check_id: str | None = None


@dataclass(frozen=True)
class Zone:
    """A hosted zone and its record sets."""

    id: str
    name: str
    records: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of an answer."""

    name: str
    type: str
    ttl_s: int
    value: str


@dataclass(frozen=True)
class Answer:
    """What a name server says. ``zone`` is the zone that is authoritative, None when nobody here is."""

    code: str
    lines: tuple[Line, ...] = ()
    zone: Zone | None = None


@dataclass(frozen=True)
class Outlook:
    """What an answer depends on besides the record sets.

    ``healthy`` tells of a health check, ``addresses`` of an AWS name that an alias may point to (empty: unknown), ``draw``
    gives a number in [0, 1) for weighted records. ``alias_ttl_s`` is the TTL of an alias to an AWS name.
    """

    healthy: Callable[[str], bool]
    addresses: Callable[[str], tuple[str, ...]]
    draw: Callable[[], float]
    alias_ttl_s: int = field(default=60)


def canonical(name: str) -> str:
    """A name as it is compared: lower case, without the last dot."""
    return name.rstrip(".").lower()


def resolve(zones: tuple[Zone, ...], name: str, kind: str, outlook: Outlook) -> Answer:
    """Answer one question as Route 53 would."""
    wanted = canonical(name)
    if kind == "A" and (addresses := outlook.addresses(wanted)):
        return Answer("NOERROR", tuple(Line(wanted, "A", outlook.alias_ttl_s, ip) for ip in addresses))
    zone = _zone_of(zones, wanted)
    if zone is None:
        return Answer("REFUSED")
    return _in_zone(zone, wanted, kind, outlook, _DEPTH)


def _zone_of(zones: tuple[Zone, ...], name: str) -> Zone | None:
    """The most specific zone that holds the name."""
    fitting = [zone for zone in zones if name == canonical(zone.name) or name.endswith("." + canonical(zone.name))]
    return max(fitting, key=lambda zone: len(zone.name), default=None)


def _in_zone(zone: Zone, name: str, kind: str, outlook: Outlook, depth: int) -> Answer:
    here = [record for record in zone.records if canonical(record.name) == name]
    if not here:
        inner = any(canonical(record.name).endswith("." + name) for record in zone.records)
        return Answer("NOERROR" if inner else "NXDOMAIN", zone=zone)
    chosen = choose([record for record in here if record.type == kind], outlook)
    if chosen is None and kind != "CNAME":
        chosen = choose([record for record in here if record.type == "CNAME"], outlook)
    if chosen is None:
        return Answer("NOERROR", zone=zone)
    return _spoken(zone, chosen, kind, outlook, depth)


def _spoken(zone: Zone, record: Record, kind: str, outlook: Outlook, depth: int) -> Answer:
    if record.alias is not None:
        return _alias(zone, record, kind, outlook, depth)
    lines = tuple(Line(canonical(record.name), record.type, record.ttl_s, value) for value in record.values)
    if record.type == "CNAME" and kind != "CNAME" and depth > 0:
        further = canonical(record.values[0])
        if _zone_of((zone,), further) is not None:
            lines += _in_zone(zone, further, kind, outlook, depth - 1).lines
    return Answer("NOERROR", lines, zone)


def _alias(zone: Zone, record: Record, kind: str, outlook: Outlook, depth: int) -> Answer:
    """The target's addresses under the record's own name: an alias does not show."""
    name, target = canonical(record.name), canonical(record.alias or "")
    addresses = outlook.addresses(target)
    if addresses:
        return Answer("NOERROR", tuple(Line(name, kind, outlook.alias_ttl_s, ip) for ip in addresses), zone)
    if depth == 0 or _zone_of((zone,), target) is None:
        return Answer("SERVFAIL", zone=zone)
    found = _in_zone(zone, target, kind, outlook, depth - 1)
    return Answer(found.code, tuple(Line(name, line.type, line.ttl_s, line.value) for line in found.lines), zone)


def choose(records: list[Record], outlook: Outlook) -> Record | None:
    """Which of the record sets of one name and type speaks.

    Failover: the primary while it is healthy, else the secondary while that is, else the primary again. Weighted: a draw
    among the healthy, among all when none is. A record set without a health check is healthy.
    """
    if not records:
        return None
    healthy = [r for r in records if r.health_check_id is None or outlook.healthy(r.health_check_id)]
    if any(record.failover for record in records):
        primary = [record for record in records if record.failover == "PRIMARY"]
        secondary = [record for record in healthy if record.failover == "SECONDARY"]
        return next((r for r in primary if r in healthy), next(iter(secondary + primary), None))
    if any(record.weight is not None for record in records):
        return _drawn(healthy or records, outlook)
    return records[0]


def _drawn(records: list[Record], outlook: Outlook) -> Record:
    """One record set, as often as its weight says; all weights 0 means equal weights."""
    weights = [record.weight or 0 for record in records]
    if not any(weights):
        weights = [1] * len(records)
    point = outlook.draw() * sum(weights)
    for record, weight in zip(records, weights, strict=True):
        if point < weight:
            return record
        point -= weight
    return records[-1]
