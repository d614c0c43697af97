"""The three golden histories of docs/measuring.md, section 7, with their exact numbers."""

from drdrill.model.judgement import Interval, Verdict

from .verdict_of import finding, told

REGION_LOSS = (
    "9001+@100.10 9002+@100.20 | transfer every 0.05: 90..98.54+ 98.54..100.04+ 100.3..100.55? 110..130+"
    " | survivors all but 9001 9002 @98.53..100.03 | objective rpo=1"
)
ACTIVE_ACTIVE = "balance every 0.05: 90..100+ 100..103+/25? 103..130+ | survivors | objective rto=60"
SNAPSHOT_RESTORE = (
    "transfer every 0.05: 90..100+ 110..130+ | survivors all but @95..101 !early | objective rto=30 rpo=30"
)


def test_region_loss_counts_what_was_promised_and_is_gone() -> None:
    judgement = told(REGION_LOSS)
    loss = judgement.loss
    assert loss.classes["lost"].operations == 32
    assert loss.lost_operations == Interval(low=32, high=32)
    assert loss.lost_paise == Interval(low=3200, high=3200)
    assert loss.classes["vanished"].operations == 5
    assert loss.oldest_lost_age_s == Interval(low=1.45, high=1.5)
    assert loss.lost[0].acked_s == -1.45
    assert len(loss.lost) == 32
    rpo = finding(judgement, "rpo")
    assert rpo.verdict is Verdict.FAIL
    assert rpo.reason == (
        "RPO missed: the oldest lost write had been acked 1.45 to 1.5 s before the disaster "
        "(32 operations (₹32.00) lost), objective 1 s"
    )
    assert judgement.exit_status == 1


def test_region_loss_names_the_split_brain_by_its_own_objective() -> None:
    judgement = told(REGION_LOSS)
    split = finding(judgement, "split-brain")
    assert judgement.loss.flags["split-brain"].operations == 2
    assert split.verdict is Verdict.FAIL
    assert [identity & 0xFFFF for identity in split.witnesses] == [9001, 9002]
    assert judgement.loss.split_brain_span_s == 0.11


def test_region_loss_blames_nobody_for_what_vanished() -> None:
    judgement = told(REGION_LOSS)
    assert finding(judgement, "ghost").verdict is Verdict.PASS
    assert not [one for one in judgement.findings if "vanished" in one.id]


def test_active_active_with_a_few_failures_is_an_outage_with_a_wide_interval() -> None:
    judgement = told(ACTIVE_ACTIVE)
    recovery = judgement.recoveries[0]
    assert recovery.state == "restored"
    assert recovery.outage_began_s == 1.2
    # The level is met again after the failure at 1.2 s. After the last one, at 2.45 s, a whole window without any must pass
    # before it is sure that the failing has ended: it had at 3 s, and an interval up to 2.51 s would not hold that.
    assert recovery.restored_s == Interval(low=1.2, high=7.46)
    assert recovery.rta_s == Interval(low=1.15, high=7.46)
    assert (recovery.due, recovery.bad) == (600, 2)


def test_active_active_at_999_per_mille_is_never_down() -> None:
    judgement = told(ACTIVE_ACTIVE.replace("100..103+/25? 103..130+", "100..150+/999?"))
    recovery = judgement.recoveries[0]
    assert (recovery.state, recovery.bad) == ("never down", 1)
    assert recovery.rta_s == Interval(low=0, high=0.1)


def test_snapshot_restore_read_too_early_calls_no_write_lost() -> None:
    judgement = told(SNAPSHOT_RESTORE)
    sentence = "survivors were read 2.000 s before the writers had stopped"
    assert not judgement.loss.valid
    assert judgement.loss.invalid_because == sentence
    assert judgement.loss.lost == ()
    assert judgement.loss.classes == {}
    for identity in ("rpo", "loss", "rto.transfer", "relapse.transfer", "books"):
        one = finding(judgement, identity)
        assert one.verdict is Verdict.UNKNOWN
        assert sentence in one.reason
    assert judgement.exit_status == 2
