"""From specs in the user's language to questions and plans, and plans carried out on the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import yaml
from support.model_engine import PROJECT, Unwell, digest_of
from support.model_world import ModelWorld

from gitops.model.actions import Action, Build, RunTask, WaitHealthy
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.dockerfile import BaseImages
from gitops.model.metadata import Metadata
from gitops.model.observed import Inputs
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.plan import History, LastRun, Plan, Step
from gitops.model.records import CANCELED
from gitops.model.resources import BuildTask, PathSource
from gitops.model.secret import EnvSecret, Secret, SecretRef
from gitops.model.sources import Source
from gitops.model.task_snapshots import BuildSnapshot
from gitops.model.wanted import WantedImage
from gitops.plan.builds.remembered import recall
from gitops.plan.deploys.content import app_secrets
from gitops.plan.encoding import encode
from gitops.plan.grounds import Question
from gitops.plan.planner import make_plan
from gitops.plan.wanted import work_out
from gitops.spec.assembly import LoadRequest, load_texts

NOTHING = History({})
ROUNDS = 8


def bundle_of(specs: str) -> Bundle:
    """Return the bundle of documents; `apiVersion` is filled in where it is left out."""
    return bundle_from([one for one in yaml.safe_load_all(specs) if one])


def bundle_from(documents: Iterable[Mapping[str, object]]) -> Bundle:
    """Return the bundle of documents without `apiVersion`."""
    ours = [json.dumps({"apiVersion": "gitops/v1", **one}) for one in documents]
    loaded = load_texts({"registry.yaml": "\n---\n".join(ours)}, LoadRequest(PROJECT))
    assert loaded.bundle is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.bundle


def source_of(given: str | Mapping[str, Any]) -> Observation[Source]:
    """Return a source: a tree's name, `absent`, or a mapping (tree, commit, branch, stale ...).

    `{unreachable: why}` is one that could not be read, and of which nothing is known. `beside` are
    further mappings: tags and pull requests. `recipe` is the text of the Dockerfile, `built_on` the
    names of images that build steps build on.
    """
    if given == "absent":
        return Absent("there is no branch main")
    if isinstance(given, str):
        return Found(Source(tree=given, dockerfile="d", location="/source"))
    if "unreachable" in given:
        return Unreachable("https://git.example.com/", given["unreachable"])
    return Found(_one_source(given))


def _one_source(given: Mapping[str, Any]) -> Source:
    beside = tuple(map(_one_source, given.get("beside", ())))
    built_on = BaseImages(tuple(given.get("built_on", ())))
    known = {"dockerfile": "d", "location": "/source", **given}
    return Source(**{**known, "beside": beside, "built_on": built_on})


def base_of(said: str) -> Observation[str]:
    """Return what a base image points to: a name for its digest, `absent` or `unreachable`."""
    if said == "unreachable":
        return Unreachable("the registry", "no route to host")
    return Absent("it") if said == "absent" else Found(digest_of(said))


class Wish(NamedTuple):
    """What is wanted at one moment: documents, what the tasks' sources hold, and secret values.

    A secret of the specs that has no value here is one that could not be read.
    """

    bundle: Bundle
    sources: Mapping[Address, Observation[Source]]
    secrets: Mapping[str, str] = {}
    now: float = 1000.0
    bases: Mapping[str, Observation[str]] = {}

    @property
    def inputs(self) -> Inputs:
        """What deciding needs beside the specs."""
        wanted = {reference for app in self.bundle.apps for reference in app_secrets(app)}
        wanted.update(ref for task in self.bundle.tasks for ref in task.secrets.values())
        known: dict[SecretRef, Secret] = {
            EnvSecret(name): Secret(value) for name, value in self.secrets.items()
        }
        missing = {one: f"{one} is not set" for one in wanted if one not in known}
        return Inputs(self.sources, known, missing, self.now, self.bases)


def wish_of(specs: str, sources: Mapping[str, Any], secrets: Mapping[str, str] = {}) -> Wish:
    """Return the wish that a case spells."""
    found = {Address("BuildTask", name): source_of(given) for name, given in sources.items()}
    return Wish(bundle_of(specs), found, secrets)


def question_of(
    wish: Wish, world: ModelWorld, history: History = NOTHING, *, allow_mass_removal: bool = False
) -> Question:
    """Return the question that the pipeline would ask in this world."""
    notes = {target: engine.notes for target, engine in world.engines.items()}
    inputs = recall(wish.inputs, history)
    wanted = work_out(wish.bundle, inputs, notes)
    observed = world.observe(wish.bundle, wanted)
    return Question(wanted, observed, history, inputs, allow_mass_removal)


def plan_of(wish: Wish, world: ModelWorld, history: History = NOTHING) -> Plan:
    """Return the plan for a wish in a world."""
    return make_plan(question_of(wish, world, history))


class Broke(NamedTuple):
    """What goes wrong in the world: apps that are never healthy, tasks whose build fails, and
    single containers that are never healthy.
    """

    apps: frozenset[str] = frozenset()
    builds: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()


def _does(world: ModelWorld, action: Action, broke: Broke) -> bool:
    """Do an action; return whether it went well."""
    if isinstance(action, Build | RunTask) and action.image.task.name in broke.builds:
        return False
    try:
        world.apply(action)
    except Unwell:
        return False
    if not isinstance(action, WaitHealthy):
        return True
    return action.app.name not in broke.apps and action.server.container not in broke.containers


Choose = Callable[[list[Step]], Step]
"""Picks the next step of those that may begin: the real executor does them at once."""


def in_turn(ready: list[Step]) -> Step:
    """Pick the first one: the steps are done by their numbers."""
    return ready[0]


class Play(NamedTuple):
    """How a plan is carried out: `limit` steps of it at most, in what order, and what breaks.

    After each step that was not skipped `look` is called.
    """

    limit: int | None = None
    broke: Broke = Broke()
    look: Callable[[Step], None] = lambda _step: None
    choose: Choose = in_turn


STRAIGHT = Play()
"""Every step, by the numbers, and all goes well."""


def carry_out(plan: Plan, world: ModelWorld, play: Play = STRAIGHT) -> History:
    """Do the steps one by one; return what is quarantined by them, and what was built.

    What comes after a step that fails is not done; what the plan says for that case is.
    """
    failed: set[int] = set()
    done: set[int] = set()
    bad: dict[Address, dict[str, str]] = {}
    built: dict[Address, LastRun] = {}
    limit = len(plan.steps) if play.limit is None else play.limit
    for _ in plan.steps[:limit]:
        ready = [one for one in plan.steps if one.number not in done and done.issuperset(one.after)]
        step = play.choose(ready)
        done.add(step.number)
        if failed.intersection(step.after):
            failed.add(step.number)
            continue
        if isinstance(step.action, Build | RunTask):
            built[step.address] = LastRun(_remembered(step.action.image))
        if not _does(world, step.action, play.broke):
            failed.add(step.number)
            if step.address in built:
                built[step.address] = built[step.address]._replace(trouble="run r1 ended as Failed")
            if step.wish:
                bad.setdefault(step.address, {})[step.wish] = f"step {step.number} failed"
            for action in step.otherwise:
                world.apply(action)
        play.look(step)
    return History(bad, built=built)


def canceled(history: History, task: Address, who: str) -> History:
    """Return a history in which somebody has called off the run that failed."""
    bad = history.quarantined
    runs = dict.fromkeys(bad[task], f"{CANCELED}run r1 was canceled by {who}")
    return history._replace(quarantined={**bad, task: runs})


def _remembered(image: WantedImage) -> str:
    """Return the snapshot of an image; the planner reads of it what the image was made from."""
    task = BuildTask(
        image.owner, Metadata({}, {}), Address("Repository", "any"), PathSource("/source"),
        "Dockerfile", "", {}, {}, (), latest=True, interval=60.0, timeout=3600.0,
    )  # fmt: skip
    return encode(BuildSnapshot(image, task, Source("t", "d", "/source")))


def converge(
    wish: Wish, world: ModelWorld, history: History = NOTHING, play: Play = STRAIGHT
) -> tuple[Plan, History]:
    """Plan and carry out until no step is left; return the last plan and what is remembered."""
    for _ in range(ROUNDS):
        plan = plan_of(wish, world, history)
        if not plan.steps or plan.refused:
            return plan, history
        history = merged(history, carry_out(plan, world, play))
    raise AssertionError(f"not converged after {ROUNDS} rounds: {plan.steps}")


def merged(one: History, other: History) -> History:
    """Return what two histories remember together."""
    addresses = {**one.quarantined, **other.quarantined}
    quarantined = {
        address: {**one.quarantined.get(address, {}), **other.quarantined.get(address, {})}
        for address in addresses
    }
    mended, built = {**one.mended, **other.mended}, {**one.built, **other.built}
    return History(quarantined, mended, built)
