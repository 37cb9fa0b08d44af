"""How many replicas the load asks for, when the number may change, and what is noted."""

from __future__ import annotations

import pytest
from support.clocks import ManualClock
from support.fakes import FakeLeases, FakeNotes, ScriptedEngine, world_of
from support.model_world import ModelWorld
from support.planning import NOTHING, Wish, converge, question_of, wish_of

from gitops.drivers.base import Usage
from gitops.engine.decide import Decision
from gitops.engine.watch.autoscaling import DOWN_AFTER, UP_AFTER, Scaler, average, desired, running
from gitops.model.notes import SCALE
from gitops.model.observed import EngineSnapshot
from gitops.model.webapp import Autoscale
from gitops.plan.planner import make_plan

SPECS = """
kind: WebApp
metadata: {{name: shop}}
spec:
  image: {{name: example.com/shop, tag: "1"}}
  resources: {{cpus: 0.5}}
  {more}
"""
SCALED = "autoscale: {min: 1, max: 3, cpu: 60}"


class Stage:
    """A world with one app, whose use is scripted, and a scaler that looks at it."""

    def __init__(self, more: str = SCALED) -> None:
        self.wish, self.model = wish_of(SPECS.format(more=more), {}), ModelWorld(("local",))
        self.clock = ManualClock()
        self.scaler = Scaler(self.clock)
        self.engine = ScriptedEngine()
        self.notes = FakeNotes()

    def look(self, cores: float) -> list[str]:
        """Have each replica use so many cores; return the reasons, and obey the note."""
        converge(self.wish, self.model)
        decision = decision_of(self.wish, self.model)
        (app,) = decision.wanted.apps
        self.engine.used = {name: Usage(cores, 1, 0) for name in running(decision, app)}
        nothing = EngineSnapshot((), {}, frozenset())
        site = world_of(self.engine, FakeLeases(), nothing).sites["local"]
        found = list(self.scaler.look(decision, "local", site._replace(notes=self.notes)))
        for note in self.notes.latest:
            self.model.engines["local"].notes[note.topic, note.name] = note
        # A later look of the real world has a later time, and so a higher version.
        self.wish = self.wish._replace(now=self.wish.now + 1)
        return found


def decision_of(wish: Wish, model: ModelWorld) -> Decision:
    """Return the decision that the pipeline would come to in this world."""
    question = question_of(wish, model, NOTHING)
    plan = make_plan(question)
    return Decision(wish.bundle, wish.inputs, question.wanted, question.observed, plan)


@pytest.mark.parametrize(
    ("replicas", "use", "number"),
    [
        (1, 60, 1),
        (1, 65, 1),
        (1, 67, 2),
        (2, 54, 2),
        (2, 53, 2),
        (2, 30, 1),
        (2, 29, 1),
        (1, 180, 3),
        (1, 500, 3),
        (3, 0, 1),
        (5, 60, 3),
    ],
)
def test_number_that_is_wanted(replicas: int, use: float, number: int) -> None:
    """It brings the use to the wanted one, rounded up, within the limits; a tenth is no matter."""
    assert desired(Autoscale(1, 3, 60), replicas, use) == number


def test_least_number() -> None:
    """No load at all leaves the least number."""
    assert desired(Autoscale(2, 3, 60), 3, 0.0) == 2


def test_use_is_of_what_a_replica_may_have() -> None:
    """Use is the share of the limit on average of the replicas; without a limit, of one core."""
    (limited,) = decision_of(Stage().wish, ModelWorld(("local",))).wanted.apps
    use = [Usage(0.5, 1, 0), Usage(0.25, 1, 0)]
    assert average(limited, use) == 75.0
    free = wish_of(SPECS.format(more=SCALED).replace("resources: {cpus: 0.5}", ""), {})
    (unlimited,) = decision_of(free, ModelWorld(("local",))).wanted.apps
    assert average(unlimited, use) == 37.5
    assert average(unlimited, []) == 0.0


def test_first_load_is_answered_at_once() -> None:
    """The first change does not wait; its reason is given and noted."""
    stage = Stage()
    assert stage.look(0.5) == ["WebApp/shop: 1 -> 2 replicas: CPU at 100 %, wanted 60 %"]
    (note,) = stage.notes.latest
    assert (note.topic, note.name) == (SCALE, "shop")
    assert note.text == "2 1 -> 2 replicas: CPU at 100 %, wanted 60 %"


def test_more_are_added_after_a_while() -> None:
    """The next replica comes when the last one has had time to show what it takes off."""
    stage = Stage()
    assert stage.look(0.5)
    stage.clock.wait(UP_AFTER - 1)
    assert stage.look(0.5) == []
    stage.clock.wait(1)
    assert stage.look(0.5) == ["WebApp/shop: 2 -> 3 replicas: CPU at 100 %, wanted 60 %"]
    stage.clock.wait(UP_AFTER)
    assert stage.look(0.5) == [], "there are no more than the most"


def test_fewer_only_after_a_long_while() -> None:
    """Replicas are taken away two minutes after the last change, not in a short pause."""
    stage = Stage()
    assert stage.look(0.5)
    stage.clock.wait(DOWN_AFTER - 1)
    assert stage.look(0.0) == []
    stage.clock.wait(1)
    assert stage.look(0.0) == ["WebApp/shop: 2 -> 1 replicas: CPU at 0 %, wanted 60 %"]
    stage.clock.wait(DOWN_AFTER)
    assert stage.look(0.0) == []
    assert stage.notes.latest[0].text.startswith("1 ")


def test_apps_that_are_left_alone() -> None:
    """An app with a fixed number, and one that is suspended, is not measured."""
    for more in ("replicas: 2", f"{SCALED}\n  suspend: true"):
        stage = Stage(more)
        assert stage.look(0.5) == []
        assert stage.notes.calls == []


def test_app_that_does_not_run() -> None:
    """Without a running replica there is nothing to measure."""
    stage = Stage()
    decision = decision_of(stage.wish, ModelWorld(("local",)))
    nothing = EngineSnapshot((), {}, frozenset())
    site = world_of(stage.engine, FakeLeases(), nothing).sites["local"]
    assert list(stage.scaler.look(decision, "local", site)) == []
    assert list(stage.scaler.look(decision, "elsewhere", site)) == []
