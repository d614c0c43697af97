"""Recovery where the bank replicates by itself: fence the old primary if it can be reached, then promote the standby.

A planned exchange has the pair of marks that any disaster has: ``fault.requested`` before the fence, ``fault.proved`` when the
old primary's own application refuses payments. It is over (``fault.healed``) when the old primary follows the new one.
"""

from __future__ import annotations

from drdrill.aws.writer import agreed_writer
from drdrill.errors import EstateError, Unprovable
from drdrill.lab.control import LabControl
from drdrill.model.mark import FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED, FENCE_PROVED, RECOVERY_DECLARED
from drdrill.native.opening import replica_in
from drdrill.native.replica import Replica
from drdrill.native.state import NativeState
from drdrill.runbooks.scene import Scene
from drdrill.runbooks.switchover import PLANNED, wait_until_refused
from drdrill.waiting import wait_until

SOURCE = "runbooks.native"


def fail_over_natively(scene: Scene, *, accept_loss: bool, limit_s: float) -> str:
    """Promote the recovery region's standby, giving up what it has not received; marks ``recovery.declared`` before.

    The old primary is fenced first where it still answers. Without ``accept_loss`` nothing is promoted unless that fence is
    proved and the standby has everything. Raises ``Unprovable`` when something of this cannot be had.
    """
    target = scene.session.estate.target
    scene.aws.refuse_to_change_the_wrong_estate()
    scene.marks.add(RECOVERY_DECLARED, SOURCE, region=target.recovery_region)
    return _promote(scene, target.primary_region, target.recovery_region, accept_loss, limit_s)


def switch_over_natively(scene: Scene, *, limit_s: float) -> str:
    """Exchange the roles of the two servers as planned; marks ``fault.requested`` and ``fault.proved``.

    The old primary is fenced, the standby has all of its log, and only then it is promoted. Raises ``Unprovable`` otherwise.
    """
    scene.aws.refuse_to_change_the_wrong_estate()
    old = agreed_writer(scene.aws)
    new = next(region for region in scene.session.estate.target.regions if region != old)
    detail = {"fault": PLANNED, "from_region": old, "to_region": new}
    scene.marks.add(FAULT_REQUESTED, SOURCE, **detail)
    done = _promote(scene, old, new, accept_loss=False, limit_s=limit_s)
    scene.marks.add(FAULT_PROVED, SOURCE, **detail, proof=wait_until_refused(scene, old, limit_s))
    return done


def finish_native_switchover(scene: Scene, *, limit_s: float) -> str:
    """Let the old primary follow the new one, wait until it does, and mark ``fault.healed``; where it follows, nothing is done.

    Turning a server round takes hands on its machine (pg_rewind, a start): in the lab, the lab's. Raises ``Unprovable`` when
    it does not follow.
    """
    writer = agreed_writer(scene.aws)
    old = next(region for region in scene.session.estate.target.regions if region != writer)
    replica = replica_in(scene.session.estate, old)
    if not replica.look().receiving:
        _turn_round(scene, old)

    def following() -> NativeState | None:
        state = replica.look()
        return state if state.receiving else None

    found = wait_until(f"{old} follows {writer}", following, limit_s=limit_s, every_s=0.1, seen=replica.look)
    proof = f"{writer} writes, and {old} follows it ({found})"
    scene.marks.add(FAULT_HEALED, SOURCE, fault=PLANNED, proof=proof)
    return proof


def _turn_round(scene: Scene, region: str) -> None:
    place = scene.session.estate.lab_dir
    if place is None:
        raise Unprovable(
            f"{region} does not follow: only in the lab has drdrill hands on the machine; turn it round there"
        )
    try:
        LabControl.from_dir(place).rejoin_database(region, None)
    except EstateError as error:
        raise Unprovable(f"{region} does not follow: {error}") from error


def _promote(scene: Scene, old: str, new: str, accept_loss: bool, limit_s: float) -> str:
    primary, standby = (replica_in(scene.session.estate, region) for region in (old, new))
    try:
        position = primary.fence() if accept_loss else hand_over(primary, standby, limit_s=limit_s)
    except Unprovable as error:
        if not accept_loss:
            raise Unprovable(f"{new} was not promoted: {error}") from error
        fenced = "the old primary could not be reached"
    else:
        scene.marks.add(FENCE_PROVED, SOURCE, region=old, position=position)
        fenced = f"the old primary is fenced at {position}"
    # What could be missing was given up above, or is known to be there.
    standby.promote(accept_loss=True, limit_s=limit_s)
    return f"{fenced}; {new}: {standby.look()}"


def hand_over(primary: Replica, standby: Replica, *, limit_s: float) -> str:
    """Fence the primary, and wait until the standby has all of its log; returns up to where.

    Whatever fails leads back: the primary takes writes again. Raises ``Unprovable`` then, and says so when the way back failed too.
    """
    try:
        position = primary.fence()
        standby.until_received(position, limit_s=limit_s)
    except Unprovable as error:
        try:
            primary.unfence()
        except Unprovable as worse:
            raise Unprovable(f"{error}; and nobody may be taking writes now: {worse}; unfence it by hand") from error
        raise Unprovable(f"{error}; the old primary takes writes again") from error
    return position
