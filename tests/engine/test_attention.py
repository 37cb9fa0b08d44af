"""What wakes a loop between its looks, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Thread
from threading import enumerate as threads

import pytest
from support.eventual import eventually
from support.fake_keepers import FakeWatcher
from support.fakes import FakeLeases, ScriptedEngine, world_of
from support.model_world import ModelWorld
from support.planning import NOTHING, converge, question_of, wish_of

from gitops.drivers.base import Cancel, DriverError, EngineEvent, ErrorKind
from gitops.engine.decide import Decision
from gitops.engine.ports import World
from gitops.engine.watch import attention
from gitops.engine.watch.attention import Attention
from gitops.model.observed import EngineSnapshot
from gitops.model.routes import ServerHealth
from gitops.plan.deploys.sickness import PATIENCE
from gitops.plan.planner import make_plan

SPECS = """
kind: WebApp
metadata: {name: shop}
spec: {image: {name: example.com/shop, tag: "1"}}
"""
NOTHING_THERE = EngineSnapshot((), {}, frozenset())
LISTENING = "listening to the engine"


class Checks:
    """A gateway whose checks say what was scripted, one answer after the other."""

    def __init__(self, *answers: Sequence[ServerHealth]) -> None:
        self.left = list(answers)

    def health(self, _container: str) -> Sequence[ServerHealth]:
        """Return the next answer, the last one for ever."""
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


class LostEngine:
    """An engine that goes away when it is first asked for its events, and comes back."""

    def __init__(self) -> None:
        self.asked = 0

    def events(self, _project: str, cancel: Cancel) -> Iterator[EngineEvent]:
        """Fail once; then tell of an end."""
        self.asked += 1
        if self.asked == 1:
            raise DriverError(ErrorKind.UNREACHABLE, "the engine is down")
        return FakeWatcher([event("shop-1", "oom")]).events("shop", cancel)


def event(container: str, kind: str) -> EngineEvent:
    """Return something that happened."""
    return EngineEvent(container, kind, 1000.0)


def server(*, up: bool, seconds: float = 1.0) -> tuple[ServerHealth]:
    """Return what checks say of one server."""
    return (ServerHealth("shop", "shop-1", up, seconds, "status 500", 0, 0, 0, 0.0),)


def decision() -> Decision:
    """Return the decision about an app that runs."""
    wish, model = wish_of(SPECS, {}), ModelWorld(("local",))
    converge(wish, model)
    question = question_of(wish, model, NOTHING)
    return Decision(
        wish.bundle, wish.inputs, question.wanted, question.observed, make_plan(question)
    )


def world(watcher: object = None, checks: Checks | None = None) -> World:
    """Return a world with this watcher, and a gateway with these checks."""
    made = world_of(ScriptedEngine(), FakeLeases(), NOTHING_THERE)
    site = made.sites["local"]._replace(
        watcher=watcher or FakeWatcher(),  # type: ignore[arg-type]
        gateways=checks or Checks(()),  # type: ignore[arg-type]
    )
    return made._replace(sites={"local": site})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody wait for long."""
    monkeypatch.setattr(attention, "_AGAIN", 0.01)
    monkeypatch.setattr(attention, "_CHECK", 0.01)


@pytest.fixture
def woken() -> list[str]:
    """Give what the loop was told."""
    return []


@pytest.fixture
def ear(woken: list[str]) -> Iterator[Attention]:
    """Give one that tells it."""
    made = Attention(woken.append)
    yield made
    made.stop()


def listeners() -> list[Thread]:
    """Return the threads that listen."""
    return [one for one in threads() if one.name in ("events local", "checks local")]


def test_ends_wake_and_starts_do_not(ear: Attention, woken: list[str]) -> None:
    """What may have to be put right wakes the loop; what is on its way does not."""
    kinds = ("start", "die", "kill", "oom", "destroy", "health_status: unhealthy")
    ear.attend(decision(), world(FakeWatcher([event("shop-1", kind) for kind in kinds])))
    expected = [f"shop-1: {kind}" for kind in ("die", "oom", "destroy", "health_status: unhealthy")]
    eventually(lambda: woken == [LISTENING, *expected], what="the loop is woken")


def test_engine_that_goes_away_is_asked_again(ear: Attention, woken: list[str]) -> None:
    """An engine that was away, or ends its list, is asked again, and looked at as a whole."""
    lost = LostEngine()
    ear.attend(decision(), world(lost))
    eventually(lambda: woken == [LISTENING, "shop-1: oom"], what="it is heard in the end")
    assert lost.asked == 2


def test_list_that_ends_is_asked_for_again(ear: Attention, woken: list[str]) -> None:
    """A list of events that ends is asked for again, and each time there is a look."""
    watcher = FakeWatcher(ends=True)
    ear.attend(decision(), world(watcher))
    eventually(lambda: woken.count(LISTENING) >= 3, what="three looks")
    assert set(watcher.asked) == {"demo"}


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (server(up=False), ["a server's checks changed"]),
        (server(up=True), []),
        ((), []),
    ],
)
def test_checks_that_change(
    ear: Attention, woken: list[str], then: tuple[ServerHealth, ...], told: list[str]
) -> None:
    """A server that begins to fail wakes the loop once, however often it is seen."""
    checks = Checks(server(up=True), then, then, then, server(up=True), ())
    ear.attend(decision(), world(checks=checks))
    eventually(lambda: len(checks.left) == 1, what="all are looked at")
    well = ["all servers are well"] if told else []
    eventually(lambda: woken == [LISTENING, *told, *well], what="what is told")


def test_server_that_stays_bad_wakes_again(ear: Attention, woken: list[str]) -> None:
    """The loop is woken once more when a server has failed for so long that it is replaced."""
    bad = [server(up=False, seconds=seconds) for seconds in (1, PATIENCE - 1, PATIENCE, 99)]
    checks = Checks(*bad)
    ear.attend(decision(), world(checks=checks))
    changed = "a server's checks changed"
    eventually(lambda: len(checks.left) == 1 and woken.count(changed) == 2, what="two calls")


def test_same_world_is_heard_once(ear: Attention, woken: list[str]) -> None:
    """A new decision about the same world listens on; another world has its own listeners."""
    first, second = world(), world()
    ear.attend(decision(), first)
    before = listeners()
    ear.attend(decision(), first)
    assert listeners() == before
    ear.attend(decision(), second)
    eventually(lambda: not {*before} & {*listeners()}, what="the old ones end")
    assert len(listeners()) == 2
    assert woken.count(LISTENING) == 2


def test_stop_ends_all_threads(ear: Attention) -> None:
    """When it has stopped, nothing listens; stopping twice is fine."""
    ear.attend(decision(), world())
    assert len(listeners()) == 2
    ear.stop()
    assert listeners() == []
    ear.stop()
