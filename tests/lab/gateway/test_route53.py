"""Names and health checks, through boto3 and a real resolver."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError

from .conftest import EDGES, HYDERABAD, MUMBAI, RunningGateway

pytestmark = pytest.mark.lab
NAME = "api.bank.example"


def ask(gateway: RunningGateway, name: str = NAME, kind: str = "A", *, tcp: bool = False):
    how = dns.query.tcp if tcp else dns.query.udp
    return how(dns.message.make_query(name, kind), gateway.dns.host, port=gateway.dns.port, timeout=2)


def address(gateway: RunningGateway) -> str:
    return ask(gateway).answer[0][0].address


def check_id(gateway: RunningGateway) -> str:
    return gateway.client("route53").list_health_checks()["HealthChecks"][0]["Id"]


@pytest.mark.parametrize("tcp", [False, True])
def test_the_front_door_is_mumbais_edge_with_the_labs_ttl(gateway: RunningGateway, tcp: bool) -> None:
    answer = ask(gateway, tcp=tcp)
    assert answer.flags & dns.flags.AA
    assert [(rrset.ttl, [item.address for item in rrset]) for rrset in answer.answer] == [(1, [EDGES[MUMBAI]])]


def test_a_missing_name_is_denied_by_the_zones_authority(gateway: RunningGateway) -> None:
    answer = ask(gateway, "nobody.bank.example")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.authority[0].name.to_text() == "bank.example."
    assert ask(gateway, "example.org").rcode() == dns.rcode.REFUSED
    assert ask(gateway, NAME, "AAAA").rcode() == dns.rcode.NOERROR
    assert ask(gateway, "bank.example", "SOA").answer[0][0].mname.to_text().startswith("ns-")
    assert ask(gateway, "bank.example", "NS").answer


def test_the_records_are_failover_aliases_to_the_distributions(gateway: RunningGateway) -> None:
    route53 = gateway.client("route53")
    zone = route53.list_hosted_zones_by_name(DNSName="bank.example")["HostedZones"][0]
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
    records = [record for page in pages for record in page["ResourceRecordSets"] if record["Type"] == "A"]
    roles = {record["Failover"]: record for record in records}
    assert set(roles) == {"PRIMARY", "SECONDARY"}
    assert roles["PRIMARY"]["HealthCheckId"] == check_id(gateway)
    hosts = {
        item["DomainName"] + "."
        for item in gateway.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    }
    assert {record["AliasTarget"]["DNSName"] for record in records} == hosts


def test_the_distributions_have_the_load_balancers_as_origins(gateway: RunningGateway) -> None:
    cloudfront = gateway.client("cloudfront")
    for item in cloudfront.list_distributions()["DistributionList"]["Items"]:
        distribution = cloudfront.get_distribution(Id=item["Id"])["Distribution"]
        assert distribution["Status"] == "Deployed"
        assert cloudfront.get_distribution_config(Id=item["Id"])["DistributionConfig"]["Comment"] == item["Comment"]
        region = {"mumbai": MUMBAI, "hyderabad": HYDERABAD}[item["Comment"]]
        host = gateway.client("elbv2", region).describe_load_balancers()["LoadBalancers"][0]["DNSName"]
        assert [origin["DomainName"] for origin in item["Origins"]["Items"]] == [host]
        assert ask(gateway, distribution["DomainName"]).answer[0][0].address == EDGES[region]


def test_names_move_when_mumbai_fails_and_back_when_it_recovers(gateway: RunningGateway, doors, until) -> None:
    route53, check = gateway.client("route53"), check_id(gateway)

    def statuses() -> list[str]:
        seen = route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
        return [one["StatusReport"]["Status"] for one in seen]

    until("three checkers have looked", lambda: len(statuses()) == 3)
    assert set(statuses()) == {"Success: HTTP Status Code 200, OK"}
    doors[MUMBAI].shut()
    until("the name is Hyderabad's", lambda: address(gateway) == EDGES[HYDERABAD], 5)
    assert set(statuses()) == {"Failure: Connection refused"}
    assert gateway.status()["health_checks"][check] is False
    doors[MUMBAI].open()
    until("the name is Mumbai's", lambda: address(gateway) == EDGES[MUMBAI], 5)
    assert route53.get_health_check_last_failure_reason(HealthCheckId=check)["HealthCheckObservations"]
    doors[MUMBAI].freeze()
    until("silence is a failure", lambda: address(gateway) == EDGES[HYDERABAD], 5)
    assert all("timed out" in status for status in statuses())
    doors[MUMBAI].shut()
    doors[MUMBAI].open()
    until("the name is Mumbai's again", lambda: address(gateway) == EDGES[MUMBAI], 5)


def test_inverted_and_disabled_checks_move_the_name_too(gateway: RunningGateway, until) -> None:
    route53, check = gateway.client("route53"), check_id(gateway)
    version = route53.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckVersion"]
    changed = route53.update_health_check(HealthCheckId=check, Inverted=True)["HealthCheck"]
    assert (changed["HealthCheckConfig"]["Inverted"], changed["HealthCheckVersion"]) == (True, version + 1)
    until("the name is Hyderabad's", lambda: address(gateway) == EDGES[HYDERABAD], 3)
    route53.update_health_check(HealthCheckId=check, Disabled=True)
    assert address(gateway) == EDGES[HYDERABAD]
    route53.update_health_check(HealthCheckId=check, Inverted=False)
    until("a disabled check is healthy", lambda: address(gateway) == EDGES[MUMBAI], 3)
    route53.update_health_check(HealthCheckId=check, Disabled=False)
    with pytest.raises(ClientError, match="HealthCheckVersionMismatch"):
        route53.update_health_check(HealthCheckId=check, HealthCheckVersion=1, Inverted=True)


def test_a_changed_record_is_answered_at_once_and_tested_alike(gateway: RunningGateway) -> None:
    route53 = gateway.client("route53")
    zone = route53.list_hosted_zones_by_name(DNSName="bank.example")["HostedZones"][0]["Id"]
    record = {"Name": "new.bank.example", "Type": "A", "TTL": 7, "ResourceRecords": [{"Value": "10.0.0.9"}]}

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    change("CREATE")
    assert ask(gateway, "new.bank.example").answer[0].ttl == 7
    tested = route53.test_dns_answer(HostedZoneId=zone, RecordName="new.bank.example", RecordType="A")
    assert (tested["RecordData"], tested["ResponseCode"]) == (["10.0.0.9"], "NOERROR")
    change("DELETE")
    assert ask(gateway, "new.bank.example").rcode() == dns.rcode.NXDOMAIN


def test_a_deletion_that_would_take_another_name_along_is_refused(gateway: RunningGateway) -> None:
    route53 = gateway.client("route53")
    zone = route53.list_hosted_zones_by_name(DNSName="bank.example")["HostedZones"][0]["Id"]
    record = {
        "Name": "pair.bank.example",
        "Type": "A",
        "TTL": 7,
        "SetIdentifier": "primary",
        "Weight": 1,
        "ResourceRecords": [{"Value": "10.0.0.9"}],
    }

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    change("CREATE")
    with pytest.raises(ClientError, match="NotImplementedInLab"):
        change("DELETE")
    assert address(gateway) == EDGES[MUMBAI]


@pytest.mark.parametrize(
    "more",
    [{"SetIdentifier": "x", "Region": MUMBAI}, {"SetIdentifier": "x", "MultiValueAnswer": True}],
)
def test_record_sets_that_nobody_would_obey_are_refused(gateway: RunningGateway, more: dict[str, object]) -> None:
    route53 = gateway.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    record = {"Name": "x.bank.example", "Type": "A", "TTL": 7, "ResourceRecords": [{"Value": "10.0.0.9"}], **more}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    with pytest.raises(ClientError, match="NotImplementedInLab"):
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


@pytest.mark.parametrize(
    "config",
    [
        {"Type": "CALCULATED", "ChildHealthChecks": [], "HealthThreshold": 1},
        {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1", "Name": "x"}},
        {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 1, "MeasureLatency": True},
    ],
)
def test_checks_that_nobody_would_make_are_refused(gateway: RunningGateway, config: dict[str, object]) -> None:
    with pytest.raises(ClientError, match="NotImplementedInLab"):
        gateway.client("route53").create_health_check(CallerReference="y", HealthCheckConfig=config)


def test_a_check_of_the_clients_own_is_really_made(gateway: RunningGateway, doors, until) -> None:
    route53 = gateway.client("route53")
    door = doors[HYDERABAD].address
    config = {"Type": "HTTP", "IPAddress": door.host, "Port": door.port, "ResourcePath": "/nothing", "RequestInterval": 10, "FailureThreshold": 1}  # fmt: skip
    made = route53.create_health_check(CallerReference="z", HealthCheckConfig=config)["HealthCheck"]["Id"]
    seen = until(
        "it was made", lambda: route53.get_health_check_status(HealthCheckId=made)["HealthCheckObservations"], 5
    )
    assert seen[0]["StatusReport"]["Status"] == "Failure: HTTP Status Code 404, Not Found"
    route53.delete_health_check(HealthCheckId=made)
    with pytest.raises(ClientError, match="NoSuchHealthCheck"):
        route53.get_health_check_status(HealthCheckId=made)
