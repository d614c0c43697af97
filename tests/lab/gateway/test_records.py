"""Which record set speaks: every case of failover and of weights, as Route 53 documents them."""

from __future__ import annotations

import pytest

from drdrill.lab.gateway.records import Answer, Outlook, Record, Zone, resolve

EDGES = {"mumbai.cloudfront.net": ("127.0.0.101",), "hyderabad.cloudfront.net": ("127.0.0.102",)}


def outlook(*unhealthy: str, draw: float = 0.0) -> Outlook:
    return Outlook(
        healthy=lambda check: check not in unhealthy,
        addresses=lambda name: EDGES.get(name, ()),
        draw=lambda: draw,
        alias_ttl_s=1,
    )


def a(name: str, value: str, **more: object) -> Record:
    return Record(name, "A", 60, (value,), **more)  # type: ignore[arg-type]


def zone(*records: Record) -> tuple[Zone, ...]:
    return (Zone("Z1", "bank.example.", records),)


def values(answer: Answer) -> list[str]:
    return [line.value for line in answer.lines]


FAILOVER = zone(
    Record("api.bank.example.", "A", 0, alias="mumbai.cloudfront.net.", failover="PRIMARY", health_check_id="p"),
    Record("api.bank.example.", "A", 0, alias="hyderabad.cloudfront.net.", failover="SECONDARY", health_check_id="s"),
)


@pytest.mark.parametrize(
    ("unhealthy", "spoken"),
    [
        ((), "127.0.0.101"),
        (("s",), "127.0.0.101"),
        (("p",), "127.0.0.102"),
        (("p", "s"), "127.0.0.101"),
    ],
)
def test_failover_answers_with_the_primary_unless_only_the_secondary_is_healthy(
    unhealthy: tuple[str, ...], spoken: str
) -> None:
    answer = resolve(FAILOVER, "API.bank.example", "A", outlook(*unhealthy))
    assert values(answer) == [spoken]
    assert (answer.lines[0].name, answer.lines[0].ttl_s) == ("api.bank.example", 1)


def test_a_primary_without_a_secondary_speaks_although_unhealthy() -> None:
    assert values(resolve(zone(FAILOVER[0].records[0]), "api.bank.example", "A", outlook("p"))) == ["127.0.0.101"]


def test_a_record_set_without_a_check_is_healthy() -> None:
    records = zone(
        a("x.bank.example", "1.1.1.1", failover="PRIMARY", health_check_id="p"),
        a("x.bank.example", "2.2.2.2", failover="SECONDARY"),
    )
    assert values(resolve(records, "x.bank.example", "A", outlook("p"))) == ["2.2.2.2"]


@pytest.mark.parametrize(
    ("draw", "spoken"), [(0.0, "1.1.1.1"), (0.24, "1.1.1.1"), (0.26, "2.2.2.2"), (0.99, "2.2.2.2")]
)
def test_weights_are_shares_of_their_sum(draw: float, spoken: str) -> None:
    records = zone(a("x.bank.example", "1.1.1.1", weight=1), a("x.bank.example", "2.2.2.2", weight=3))
    assert values(resolve(records, "x.bank.example", "A", outlook(draw=draw))) == [spoken]


def test_the_unhealthy_have_no_weight_unless_all_are() -> None:
    records = zone(
        a("x.bank.example", "1.1.1.1", weight=1, health_check_id="one"),
        a("x.bank.example", "2.2.2.2", weight=0, health_check_id="two"),
    )
    assert values(resolve(records, "x.bank.example", "A", outlook("one"))) == ["2.2.2.2"]
    assert values(resolve(records, "x.bank.example", "A", outlook("one", "two"))) == ["1.1.1.1"]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("nobody.bank.example", "A", "NXDOMAIN"),
        ("api.bank.example", "AAAA", "NOERROR"),
        ("example.org", "A", "REFUSED"),
        ("notbank.example", "A", "REFUSED"),
        ("bank.example", "A", "NOERROR"),
        ("mumbai.cloudfront.net", "A", "NOERROR"),
    ],
)
def test_what_is_not_there_is_said_to_be_absent(name: str, kind: str, said: str) -> None:
    assert resolve(FAILOVER, name, kind, outlook()).code == said


def test_a_cname_is_followed_inside_the_zone() -> None:
    records = zone(Record("www.bank.example", "CNAME", 30, ("x.bank.example.",)), a("x.bank.example", "1.1.1.1"))
    assert values(resolve(records, "www.bank.example", "A", outlook())) == ["x.bank.example.", "1.1.1.1"]


def test_an_alias_inside_the_zone_does_not_show() -> None:
    records = zone(Record("www.bank.example", "A", 0, alias="x.bank.example."), a("x.bank.example", "1.1.1.1"))
    lines = resolve(records, "www.bank.example", "A", outlook()).lines
    assert [(line.name, line.value) for line in lines] == [("www.bank.example", "1.1.1.1")]


def test_names_that_lead_in_a_circle_end_in_a_failure() -> None:
    circle = zone(
        Record("a.bank.example", "CNAME", 1, ("b.bank.example",)),
        Record("b.bank.example", "CNAME", 1, ("a.bank.example",)),
        Record("c.bank.example", "A", 0, alias="d.bank.example"),
        Record("d.bank.example", "A", 0, alias="c.bank.example"),
    )
    assert resolve(circle, "c.bank.example", "A", outlook()).code == "SERVFAIL"
    assert len(resolve(circle, "a.bank.example", "A", outlook()).lines) < 10
