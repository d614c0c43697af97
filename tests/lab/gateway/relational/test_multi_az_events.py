"""RDS's events: found by span and by source, with the times that moto parses."""

from datetime import UTC, datetime, timedelta

from drdrill.lab.gateway.relational.multi_az_events import FAILOVER, FAILOVER_STARTED, Events

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def told_at(*minutes: int) -> Events:
    """Events told so many minutes after noon; asked at one o'clock from then on."""
    times = iter([*(NOON + timedelta(minutes=minute) for minute in minutes), *[NOON + timedelta(hours=1)] * 9])
    events = Events(lambda: next(times))
    for _ in minutes:
        events.tell("bank-ledger", "arn", FAILOVER, FAILOVER_STARTED)
    return events


def test_without_a_span_the_last_hour_is_told() -> None:
    assert len(told_at(-1, 1).between(None, None, None)) == 1


def test_a_duration_is_in_minutes() -> None:
    assert len(told_at(10, 50).between(None, None, 20)) == 1


def test_a_time_without_a_zone_is_utc() -> None:
    """moto parses StartTime so."""
    began = (NOON + timedelta(minutes=5)).replace(tzinfo=None)
    assert len(told_at(1, 10).between(began, None, None)) == 1


def test_an_event_is_described_in_the_members_of_the_api() -> None:
    (event,) = told_at(1).between(NOON, None, None)
    assert event.described() == {
        "SourceIdentifier": "bank-ledger",
        "SourceType": "db-instance",
        "SourceArn": "arn",
        "Message": FAILOVER_STARTED,
        "EventCategories": [FAILOVER],
        "Date": NOON + timedelta(minutes=1),
    }
