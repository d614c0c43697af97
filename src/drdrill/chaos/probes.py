"""Probes of a drill's steady state: total, and boolean. What could not be measured is not met."""

import time

from drdrill.aws.front_door import Answer, ask
from drdrill.aws.lag import newest_lag
from drdrill.aws.residency import resources_outside, unseen_by_any_api
from drdrill.chaos.activity import SOURCE, Seen, open_scene, probe
from drdrill.model.mark import LAG_OBSERVED
from drdrill.runbooks.service import served_now

__all__ = [
    "every_journey_meets_its_level",
    "every_resource_is_in_an_allowed_region",
    "replication_lag_within",
    "same_release",
]


@probe
def every_journey_meets_its_level() -> Seen:
    """Whether the running traffic is served, by its own record. Without a record it is not."""
    scene = open_scene()
    journeys = tuple(scene.drill.traffic.journeys)
    seen = served_now(scene.folder.operations, journeys, scene.drill.service_level, now_ns=time.monotonic_ns())
    return Seen(met=all(journey.met for journey in seen), sentence="; ".join(str(journey) for journey in seen))


@probe
def replication_lag_within(limit_s: float) -> Seen:
    """Whether the recovery region's newest lag metric is at most ``limit_s`` seconds. No data is not within."""
    scene = open_scene()
    region = scene.session.estate.target.recovery_region
    lag = newest_lag(scene.aws, region)
    if lag is None:
        return Seen(met=False, sentence=f"{region} reported no lag in the last minutes")
    scene.marks.add(LAG_OBSERVED, SOURCE, lag_s=lag.lag_s, metric=lag.metric, age_s=lag.age_s)
    return Seen(met=lag.lag_s <= limit_s, sentence=f"{region} is {lag.lag_s:.3f} s behind (limit {limit_s:g} s)")


@probe
def same_release() -> Seen:
    """Whether both regions run the release that the target names."""
    estate = open_scene().session.estate
    found: dict[str, object] = {}
    for region in estate.target.regions:
        answer = ask(estate.front_doors[region], "/version", limit_s=2.0)
        found[region] = answer.json_object().get("release") if isinstance(answer, Answer) else answer.because
    same = all(release == estate.target.release for release in found.values())
    return Seen(met=same, sentence=f"wanted {estate.target.release}, found {found}")


@probe
def every_resource_is_in_an_allowed_region() -> Seen:
    """Whether all that the target consists of lies where its data may live."""
    aws = open_scene().aws
    outside, unseen = resources_outside(aws), unseen_by_any_api(aws)
    told = ", ".join(f"{placed.resource} is in {placed.region}" for placed in outside)
    within = (
        "every resource that the AWS API shows lies in an allowed region"
        if unseen
        else "every resource lies in an allowed region"
    )
    return Seen(met=not outside, sentence="; ".join(filter(None, (told or within, unseen))))
