"""Stories: what happened to a world, told in a case file, and the plan that follows from it.

A hash is never written out. It has a letter: the first configuration of an app that the story
meets is A, the next one B; the same holds for the images of a task. So `demo-shop-B` is the
container of the second configuration of `shop`, `gitops-A` the tag of the first image, `digest-A`
the digest of that image, and `revision-A` the first configuration of a gateway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from support.asking import ask
from support.model_engine import PROJECT, File, ModelEngine, digest_of
from support.model_world import ModelWorld
from support.planning import (
    NOTHING,
    Broke,
    Play,
    Wish,
    base_of,
    canceled,
    carry_out,
    converge,
    merged,
    plan_of,
    question_of,
    wish_of,
)

from gitops.model.actions import CreateContainer
from gitops.model.address import Address
from gitops.model.observed import LABEL_CONFIG, LABEL_KIND, LABEL_NAME, LABEL_PROJECT
from gitops.model.observed import ObservedContainer as Container
from gitops.model.plan import History, Plan
from gitops.model.task_snapshots import ByHand
from gitops.model.wanted import WantedImage
from gitops.plan.builds.by_hand import asked
from gitops.plan.grounds import Question
from gitops.plan.parts import only
from gitops.plan.planner import make_plan
from gitops.plan.prune import tear_down
from gitops.plan.text import as_text

LETTERS = "ABCDEFGH"
_NAME = re.compile(rf"{PROJECT}-([\w-]+)-([A-H])(-[\w-]+)?")


def _moment(said: str | float) -> float:
    """Return seconds since 1970 of a time: in seconds, or in words with its offset."""
    return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else float(said)


class Letters:
    """Gives hashes their letters, and takes letters for hashes."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}
        self._words: dict[str, str] = {}

    def learn(self, owner: str, value: str) -> str:
        """Return the letter of a hash of `owner`, the next one if it is new."""
        known = self._known.setdefault(owner, [])
        if value not in known:
            known.append(value)
        return LETTERS[known.index(value)]

    def word(self, value: str, word: str) -> None:
        """Let `value` read as `word`."""
        self._words.setdefault(value, word)

    def config(self, app: str, letter: str) -> str:
        """Return the configuration hash that a letter stands for."""
        return self._known[f"WebApp/{app}"][LETTERS.index(letter)]

    def name(self, text: str) -> str:
        """Return the name that a container really has."""
        match = _NAME.fullmatch(text)
        if match is None or f"WebApp/{match[1]}" not in self._known:
            return text
        return f"{PROJECT}-{match[1]}-{self.config(match[1], match[2])[:8]}{match[3] or ''}"

    def readable(self, text: str) -> str:
        """Return a text with words and letters in the place of hashes."""
        for value in sorted(self._words, key=len, reverse=True):
            text = text.replace(value, self._words[value])
        return text

    def see_plan(self, wish: Wish, plan: Plan, world: ModelWorld) -> None:
        """Learn the hashes that a plan, and the question that it answers, bring into the story."""
        for image in question_of(wish, world).wanted.images:
            self.see_image(image)
        for step in plan.steps:
            if isinstance(step.action, CreateContainer):
                self.see(step.action.container.labels)
        self.see_world(world)

    def see_image(self, image: WantedImage) -> None:
        """Learn the hashes of an image."""
        letter = self.learn(str(image.owner), image.fingerprint)
        self._image(image.fingerprint, digest_of(str(image.ref)), letter)
        if image.pull:
            self.word(image.ref.tag, f"pr-{image.pull}-{letter}")

    def _image(self, fingerprint: str, digest: str, letter: str) -> None:
        for size in (24, 8):
            self.word(f"gitops-{fingerprint[:size]}", f"gitops-{letter}")
        self.word(fingerprint[:8], letter)
        self.digest(digest, f"digest-{letter}")

    def digest(self, digest: str, word: str) -> None:
        """Let a digest, and its first digits, read as `word`."""
        self.word(digest.removeprefix("sha256:"), word)
        self.word(digest.removeprefix("sha256:")[:8], word)

    def see(self, labels: Mapping[str, str]) -> None:
        """Learn the configuration in a container's labels."""
        if labels.get(LABEL_KIND) == "WebApp" and LABEL_CONFIG in labels:
            config = labels[LABEL_CONFIG]
            letter = self.learn(f"WebApp/{labels[LABEL_NAME]}", config)
            self.word(config[:8], letter)

    def see_world(self, world: ModelWorld) -> None:
        """Learn the configurations of the containers and gateways that are there."""
        for engine in world.engines.values():
            for container in engine.containers.values():
                self.see(container.labels)
            for file in engine.files.values():
                if file.revision:
                    letter = self.learn("gateway", file.revision)
                    self.word(file.revision, f"revision-{letter}")


class Story:
    """Plays the moments of a case, one after the other."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self._case = case
        self.letters = Letters()
        self.wish = self._wish({})
        targets = tuple(target.address.name for target in self.wish.bundle.targets)
        self.world = ModelWorld(targets)
        self.history: History = NOTHING
        for moment in case.get("world", ()):
            for kind, what in moment.items():
                moments = {
                    "reconcile": self._reconcile,
                    "change": self._change,
                    "ask": self._ask,
                }
                moments[kind](what or {})

    def _wish(self, own: Mapping[str, Any]) -> Wish:
        """Return the wish of a moment: its own words, else those of the case."""
        case = {**self._case, **own}
        wish = wish_of(case["specs"], case.get("sources", {}), case.get("secrets", {}))
        wish = wish._replace(bases={k: base_of(v) for k, v in case.get("bases", {}).items()})
        for said in case.get("bases", {}).values():
            self.letters.digest(digest_of(said), f"digest-of-{said}")
        return wish._replace(now=_moment(case["now"])) if "now" in case else wish

    def _ask(self, moment: Mapping[str, Any]) -> None:
        ask(self._wish(moment), self.world, self.history, moment)

    def _reconcile(self, moment: Mapping[str, Any]) -> None:
        wish = self._wish(moment)
        plan = plan_of(wish, self.world, self.history)
        self.letters.see_plan(wish, plan, self.world)
        broke = self._broke(moment.get("broken", {}))
        play = Play(moment.get("killedAfter"), broke, lambda _: self.letters.see_world(self.world))
        if play.limit is None:
            _, self.history = converge(wish, self.world, self.history, play)
        else:
            self.history = merged(self.history, carry_out(plan, self.world, play))
        self.letters.see_plan(wish, plan_of(wish, self.world, self.history), self.world)

    def _broke(self, broken: Mapping[str, Any]) -> Broke:
        """Return what goes wrong; `versions` and `hooks` of a configuration do so from now on."""
        for app, letter in broken.get("versions", {}).items():
            self.world.unwell.add(self.letters.config(app, letter))
        for app, letter in broken.get("hooks", {}).items():
            self.world.bad_hooks.add(self.letters.config(app, letter))
        return Broke(
            frozenset(broken.get("apps", ())),
            frozenset(broken.get("builds", ())),
            frozenset(map(self.letters.name, broken.get("containers", ()))),
        )

    def _change(self, moment: Mapping[str, Any]) -> None:
        engine = self.world.engines[moment.get("target", "local")]
        for name, change in moment.get("containers", {}).items():
            self._change_container(engine, self.letters.name(name), change)
        for name, why in moment.get("sick", {}).items():
            engine.down[self.letters.name(name)] = why
        engine.notes = {
            key: note
            for key, note in engine.notes.items()
            if key[0] not in moment.get("notesLost", ())
        }
        engine.volumes.difference_update(moment.get("volumesRemoved", ()))
        engine.unreachable = moment.get("engineUnreachable", engine.unreachable)
        engine.gateway_unreachable = moment.get("gatewayUnreachable", "")
        self.world.unreachable_registries.update(moment.get("registriesUnreachable", {}))
        self._change_gateways(engine, moment)
        for tag, points in moment.get("tags", {}).items():
            self._change_tag(tag, points)
        self._change_memory(moment)

    def _change_gateways(self, engine: ModelEngine, moment: Mapping[str, Any]) -> None:
        for name in engine.files:
            if "gatewayFile" in moment:
                engine.files[name] = File(None, "")
            if "gatewayServes" in moment:
                engine.served[name] = moment["gatewayServes"]

    def _change_memory(self, moment: Mapping[str, Any]) -> None:
        if "memory" in moment:
            self.history = NOTHING
        for name, times in moment.get("mended", {}).items():
            known = {**self.history.mended, Address("WebApp", name): times}
            self.history = self.history._replace(mended=known)
        for name, who in moment.get("canceled", {}).items():
            self.history = canceled(self.history, Address("BuildTask", name), who)

    def _change_tag(self, tag: str, points: str) -> None:
        self.world.tags.pop(tag, None)
        if points != "absent":
            self.world.tags[tag] = digest_of(points)
            self.letters.digest(digest_of(points), f"digest-of-{points}")

    def _change_container(
        self, engine: ModelEngine, name: str, change: Mapping[str, Any] | None
    ) -> None:
        if change is None:
            engine.forget(name)
            return
        old = engine.containers.get(name)
        labels = {**(old.labels if old else {}), **self._labels(change)}
        state = change.get("state", old.state if old else "running")
        status = {"running": "Up", "exited": "Exited (137)", "paused": "Up (Paused)"}
        self.world.clock += 0 if old else 1
        engine.containers[name] = Container(
            name,
            name,
            old.image if old else "some-image",
            state,
            change.get("status", status[state]),
            labels,
            old.created if old else self.world.clock,
        )

    def _labels(self, change: Mapping[str, Any]) -> dict[str, str]:
        """Return the labels that a short form spells: project, app, config (a letter), port."""
        labels = {}
        if "project" in change or "app" in change:
            labels[LABEL_PROJECT] = change.get("project", PROJECT)
        if "app" in change:
            labels |= {LABEL_KIND: "WebApp", LABEL_NAME: change["app"], "gitops.port": "80"}
        if "config" in change:
            labels[LABEL_CONFIG] = self.letters.config(change["app"], change["config"])
        return {**labels, **change.get("labels", {})}

    def plan(self) -> Plan:
        """Return the plan that the case ends with."""
        wish = self.wish
        down = self._case.get("down")
        question = question_of(
            wish,
            self.world,
            self.history,
            allow_mass_removal=self._case.get("allowMassRemoval", False),
        )
        if down is None:
            return self._by_hand(question) if "byHand" in self._case else make_plan(question)
        return tear_down(PROJECT, question.observed, volumes=down["volumes"])

    def _by_hand(self, question: Question) -> Plan:
        """Return the plan of a task's run that somebody asks for, with other values or without."""
        asked_for = self._case["byHand"]
        task, given = Address("BuildTask", asked_for["task"]), asked_for.get("values", "")
        images = tuple(
            asked(image, asked_for["by"], ByHand(given), altered=bool(given))
            if image.task == task
            else image
            for image in question.wanted.images
        )
        wanted = question.wanted._replace(images=images)
        (image,) = (one for one in images if one.by_hand)
        self.letters.see_image(image)
        needed = {task, *([image.registry] if image.registry else [])}
        return only(make_plan(question._replace(wanted=wanted)), needed)

    def plan_text(self) -> str:
        """Return the plan's text, with letters in the place of hashes."""
        plan = self.plan()
        self.letters.see_plan(self.wish, plan, self.world)
        return self.letters.readable(as_text(plan))
