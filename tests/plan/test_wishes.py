"""What a person wishes becomes notes; the plans that follow from them are played on the model."""

from __future__ import annotations

import pytest
from support.model_world import ModelWorld
from support.planning import Play, carry_out, converge, plan_of, wish_of
from support.wish_stage import ANNA, SHOP, SPECS, STAGING, Stage, wish

from gitops.model.actions import EraseNote, SwitchRoutes, WriteNote
from gitops.model.address import Address
from gitops.model.notes import HOLD, STOP
from gitops.model.plan import History, Plan
from gitops.plan.deploys import wishes
from gitops.plan.deploys.holds import described, hold_of
from gitops.plan.deploys.wishes import RefusedError, led_by, undone
from gitops.plan.parts import only


def test_rollback_goes_to_the_revision_before() -> None:
    """Without a number, the revision before the one that runs is held."""
    stage = Stage("one", "two", "three")
    found = wishes.rollback(stage.spot(), 0, ANNA)
    stage.change(found.changes)
    assert stage.runs() == "two front"
    assert found.told == "WebApp/shop is rolled back to revision 2"
    hold = stage.spot().hold
    assert hold is not None
    assert described(hold) == "rolled back to revision 2 by anna: it is bad"


def test_rollback_by_number() -> None:
    """With a number, that revision is held; the one that runs needs nothing to be done."""
    stage = Stage("one", "two", "three")
    stage.change(wishes.rollback(stage.spot(), 1, ANNA).changes)
    assert stage.runs() == "one front"
    assert wishes.rollback(stage.spot(), stage.spot().history[0].number, ANNA).changes == ()


def test_rollback_says_what_there_is() -> None:
    """A revision that is not kept is refused with the numbers of those that are."""
    stage = Stage("one", "two")
    with pytest.raises(RefusedError, match="no revision 7; kept are: 2, 1"):
        wishes.rollback(stage.spot(), 7, ANNA)
    with pytest.raises(RefusedError, match="revision 1 of WebApp/shop is the oldest that is kept"):
        wishes.rollback(Stage("one").spot(), 0, ANNA)


def test_rollback_of_what_never_ran() -> None:
    """An app without a revision has none to go back to."""
    stage = Stage()
    stage.wish = wish("one")
    with pytest.raises(RefusedError, match="no revision of WebApp/shop has served yet"):
        wishes.rollback(stage.spot(), 0, ANNA)


def test_rollback_to_a_failed_revision_is_refused() -> None:
    """A revision that failed when it was last tried is named, with how to forget that."""
    stage = Stage("one", "two")
    older = stage.spot().history[1]
    stage.history = History({SHOP: {older.config: "it exits at once\nexit code: 1"}})
    with pytest.raises(RefusedError, match=r"failed .* it exits at once; .*--retry WebApp/shop"):
        wishes.rollback(stage.spot(), 0, ANNA)


def test_changed_spec_ends_a_rollback() -> None:
    """A hold is for the spec that it was made for: another one takes its place, and erases it."""
    stage = Stage("one", "two")
    stage.change(wishes.rollback(stage.spot(), 0, ANNA).changes)
    stage.wish = wish("three")
    assert stage.spot().hold is None
    converge(stage.wish, stage.world)
    assert stage.runs() == "three front"
    assert (HOLD, "shop") not in stage.world.engines["local"].notes


def test_swap_and_the_way_back() -> None:
    """Contents change places in one switch, sticky settings stay; a second swap ends the holds."""
    stage = Stage("blue")
    there = stage.swapped()
    for change in there.changes:
        stage.world.apply(change.action)
    plan = plan_of(stage.wish, stage.world)
    (switch,) = [one.action for one in plan.steps if isinstance(one.action, SwitchRoutes)]
    assert {route.app for route in switch.routes} == {"shop", "shop-staging"}
    converge(stage.wish, stage.world)
    assert (stage.runs(), stage.runs(STAGING)) == ("green front", "blue aside")
    back = stage.swapped()
    assert [type(change.action) for change in back.changes] == [EraseNote, EraseNote]
    stage.change(back.changes)
    assert (stage.runs(), stage.runs(STAGING)) == ("blue front", "green aside")


def test_swap_back_of_an_older_content_is_held() -> None:
    """Where the spec moved on meanwhile, the way back leads to what ran before, and is held."""
    stage = Stage("blue", "navy")
    stage.change(wishes.rollback(stage.spot(), 0, ANNA).changes)
    stage.change(stage.swapped().changes)
    assert (stage.runs(), stage.runs(STAGING)) == ("green front", "blue aside")
    back = stage.swapped()
    assert [type(change.action) for change in back.changes] == [WriteNote, WriteNote]
    stage.change(back.changes)
    assert (stage.runs(), stage.runs(STAGING)) == ("blue front", "green aside")
    hold = stage.spot().hold
    assert hold is not None
    assert described(hold) == "swapped back by anna: it is bad"
    assert stage.spot().app.line == ""


def test_half_a_swap_is_none() -> None:
    """A run that was killed between the notes of a swap has not begun it."""
    stage = Stage("blue")
    there = stage.swapped()
    stage.change(there.changes[:1])
    assert (stage.runs(), stage.runs(STAGING)) == ("blue front", "green aside")
    assert (HOLD, "shop-staging") not in stage.world.engines["local"].notes
    stage.change(stage.swapped().changes)
    stage.change(undone(there, "it failed")[:1])
    assert (stage.runs(), stage.runs(STAGING)) == ("blue front", "green aside")


def test_swap_needs_two_that_served() -> None:
    """A slot that never served, or an app that is stopped, is no part of a swap."""
    stage = Stage()
    stage.wish = wish("blue")
    with pytest.raises(RefusedError, match="WebApp/shop has never served"):
        wishes.swap(*stage.family(), ANNA)
    stage = Stage("blue")
    stage.change(wishes.stop(stage.spot(STAGING), ANNA).changes)
    with pytest.raises(RefusedError, match=r"stopped by anna.*gitops start WebApp/shop-staging"):
        wishes.swap(*stage.family(), ANNA)


def test_resume_ends_both_halves_of_a_swap() -> None:
    """Resume of either place of a swap ends the whole; of what is not held it says so."""
    for address in (SHOP, STAGING):
        stage = Stage("blue")
        stage.change(stage.swapped().changes)
        stage.change(wishes.resume(stage.family(), address, ANNA).changes)
        assert (stage.runs(), stage.runs(STAGING)) == ("blue front", "green aside")
        again = wishes.resume(stage.family(), address, ANNA)
        assert (again.changes, again.told) == ((), f"{address} is not held: it follows its spec")


def test_stop_and_start() -> None:
    """A stopped app has no container, though its next image cannot be had; start brings it back."""
    stage = Stage("one")
    stage.change(wishes.stop(stage.spot(), ANNA).changes)
    assert stage.spot().config == ""
    assert "already" in wishes.stop(stage.spot(), ANNA).told
    resumed = wishes.resume(stage.family(), SHOP, ANNA)
    assert "stopped by anna: it is bad: `gitops start WebApp/shop`" in resumed.told
    stage.change(wishes.start(stage.spot(), ANNA).changes)
    assert stage.spot().config != ""
    assert (STOP, "shop") not in stage.world.engines["local"].notes
    assert wishes.start(stage.spot(), ANNA).told == "WebApp/shop is not stopped"


def test_rollback_of_a_stopped_app() -> None:
    """A stopped app can be rolled back: it runs the older revision when it is started."""
    stage = Stage("one", "two")
    stage.change(wishes.stop(stage.spot(), ANNA).changes)
    stage.change(wishes.rollback(stage.spot(), 0, ANNA).changes)
    assert stage.spot().config == ""
    stage.change(wishes.start(stage.spot(), ANNA).changes)
    assert stage.runs() == "one front"


def test_undone_puts_back_what_was_there() -> None:
    """What a wish wrote is undone to the hold that was there before, or to none."""
    stage = Stage("one", "two", "three")
    first = wishes.rollback(stage.spot(), 0, ANNA)
    stage.change(first.changes)
    second = wishes.rollback(stage.spot(), 1, ANNA)
    stage.change(second.changes)
    stage.change(undone(second, "it failed"))
    hold = hold_of(stage.spot().notes, "shop")
    assert hold is not None
    assert hold.revision == 2
    stage.change(undone(first, "it failed"))
    assert stage.spot().hold is None
    assert stage.runs() == "three front"


def test_notes_come_first() -> None:
    """A run that is killed goes on with the wish: its notes are written before anything else."""
    stage = Stage("blue")
    there = stage.swapped()
    for change in there.changes:
        stage.world.apply(change.action)
    bare = plan_of(stage.wish, stage.world)
    led = led_by(bare, there.changes)
    assert [step.after for step in led.steps[:2]] == [(), (1,)]
    assert all(step.after for step in led.steps[1:])
    assert [step.number for step in led.steps] == list(range(1, len(bare.steps) + 3))
    assert shape(led)[2:] == shape(bare)


def shape(plan: Plan) -> list[object]:
    """Return the actions of a plan in their order."""
    return [step.action for step in plan.steps]


def test_only_the_app_and_what_it_needs() -> None:
    """A wish for one app leaves what is pending for another one out."""
    stage = Stage("one")
    stage.wish = wish("two", other="2")
    whole = plan_of(stage.wish, stage.world)
    mine = only(whole, {SHOP})
    assert {step.address for step in whole.steps} == {SHOP, Address("WebApp", "other")}
    assert {step.address for step in mine.steps} == {SHOP}
    assert set(mine.in_sync) <= {SHOP}
    carry_out(mine, stage.world, Play())
    assert only(plan_of(stage.wish, stage.world), {SHOP}).steps == ()
    fresh = plan_of(stage.wish, ModelWorld(("local",)))
    needed = {step.address for step in only(fresh, {SHOP}).steps}
    assert needed == {SHOP, Address("Target", "local")}


def test_a_wish_does_not_wait_for_a_window() -> None:
    """Windows are for what comes by itself: a rollback outside of them is carried out."""
    stage = Stage("one", "two")
    found = wishes.rollback(stage.spot(), 0, ANNA)
    text = SPECS.format(text="two", staging="green", other="1")
    shut = '  windows: [{deny: "* * * * *", duration: 1h}]\n  sticky'
    stage.wish = wish_of(text.replace("  sticky", shut), {})
    for change in found.changes:
        stage.world.apply(change.action)
    plan = plan_of(stage.wish, stage.world)
    assert SHOP not in plan.blocked
    converge(stage.wish, stage.world)
    assert stage.runs() == "one front"
    stage.world.apply(EraseNote("local", HOLD, "shop"))
    assert plan_of(stage.wish, stage.world).blocked[SHOP].reason == "OutsideWindow"
