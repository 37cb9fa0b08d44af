"""Follows the tags of base images: what each one points to now, asked for as seldom as is fair.

Comes in: image names. Goes out: digests. Registries of the specs are asked at each look; others
at a random time within ten to sixty minutes, as Azure's tasks do, so that many machines do not ask
together: https://learn.microsoft.com/azure/container-registry/container-registry-tasks-base-images
A registry that cannot be reached is answered for with what was seen last: it starts no build.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import NamedTuple, Protocol

from gitops.drivers.registry.digest_memory import DigestMemory, Memory, SeenHost, SeenImage
from gitops.drivers.registry.http import Patience
from gitops.drivers.registry.limits import LONGEST, asked_to_wait
from gitops.drivers.registry.oci import Answer
from gitops.model.image import ImageRef, canonical, parse_image, registry_of
from gitops.model.outcomes import Absent, Found, Observation, Unreachable

SOONEST = 600.0
LATEST = 3600.0
FIRST_WAIT = 60.0
"""Seconds that a registry which failed is left alone; doubled each time, up to LATEST."""
MOST_DOUBLINGS = 6
THREADS = 16
DEADLINE = 5.0
"""Seconds for a whole look: the resolver of a machine without a network has no time limit."""
HURRIED = Patience(connect=3.0, read=3.0, tries=1)
"""For the registry client given to `BaseDigests`: what fails is asked again at another look."""
TOO_MANY = 429
"""Too Many Requests, RFC 6585."""


class Asking(Protocol):
    """The part of a registry client that is used here."""

    def asked(self, image: ImageRef) -> Answer:
        """Return what `image.tag` points to now; one request, and no waiting."""
        ...


class Fate(NamedTuple):
    """What time it is, in seconds since 1970, and a random number from 0 up to 1."""

    clock: Callable[[], float]
    chance: Callable[[], float]


class _Round(NamedTuple):
    """One look's work, shared by its threads; each of its parts is changed in one step."""

    todo: deque[ImageRef]
    begun: dict[str, ImageRef]
    answers: dict[str, Answer]
    failed: dict[str, str]


class BaseDigests:
    """Digests of base images, with a memory between runs in `memory`."""

    def __init__(
        self, memory: DigestMemory, registry: Asking, fate: Fate, deadline: float = DEADLINE
    ) -> None:
        self._memory = memory
        self._registry = registry
        self._fate = fate
        self._deadline = deadline

    def look(self, images: Iterable[str], own: frozenset[str]) -> Mapping[str, Observation[str]]:
        """Return the digest that each tag points to, by the names given.

        Hosts in `own` are asked each time. Names with a digest are not followed and not in the
        answer. Found may hold what was seen before; Unreachable is what was never seen.
        """
        followed = {name: canonical(name) for name in images if not parse_image(name).digest}
        memory = self._memory.load()
        now = self._fate.clock()
        due = {str(image): image for image in followed.values() if _is_due(image, own, memory, now)}
        if due:
            memory = self._memory.keep(self._learned(self._ask(due), memory, now), now)
        return {name: _answer(name, image, memory) for name, image in followed.items()}

    def _ask(self, images: Mapping[str, ImageRef]) -> _Round:
        """Ask for all side by side; who is not done in time counts as begun without an answer."""
        work = _Round(deque(images[name] for name in sorted(images)), {}, {}, {})
        # Daemons: one that hangs in the resolver must not keep the program from ending.
        threads = [
            Thread(target=self._work, args=(work,), daemon=True)
            for _ in range(min(THREADS, len(images)))
        ]
        end = time.monotonic() + self._deadline
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0.0))
        work.todo.clear()
        return _Round(deque(), dict(work.begun), dict(work.answers), dict(work.failed))

    def _work(self, work: _Round) -> None:
        while True:
            try:
                image = work.todo.popleft()
            except IndexError:
                return
            host, _ = registry_of(image.repository)
            if host in work.failed:
                continue  # it keeps its turn for a later look
            work.begun[str(image)] = image
            answer = self._registry.asked(image)
            work.answers[str(image)] = answer
            if _is_outage(answer) or asked_to_wait(answer.status, answer.headers, 0.0):
                work.failed[host] = ""

    def _learned(self, work: _Round, before: Memory, now: float) -> Memory:
        images: dict[str, SeenImage] = {}
        hosts: dict[str, SeenHost] = {}
        for name, image in work.begun.items():
            host, _ = registry_of(image.repository)
            why = f"registry {host} gave no answer within {self._deadline:g} s"
            answer = work.answers.get(name, Answer(Unreachable(name, why)))
            known = before.hosts.get(host, SeenHost())
            hosts[host] = _worse(hosts.get(host), _host_after(answer, known, now))
            due = now + SOONEST + self._fate.chance() * (LATEST - SOONEST)
            if not _is_outage(answer):
                images[name] = _image_after(answer, before.images.get(name), due)
        return Memory(images, hosts)


def _is_due(image: ImageRef, own: frozenset[str], memory: Memory, now: float) -> bool:
    host, _ = registry_of(image.repository)
    seen = memory.hosts.get(host, SeenHost())
    # A time far ahead is one that was written before the clock was set back.
    if now < seen.until <= now + LONGEST and (seen.limited or host not in own):
        return False
    if host in own:
        return True
    known = memory.images.get(str(image))
    return known is None or not now < known.due <= now + LATEST


def _is_outage(answer: Answer) -> bool:
    """Say whether the registry failed, rather than the one image."""
    return answer.status in (0, TOO_MANY) or answer.status >= 500  # noqa: PLR2004


def _host_after(answer: Answer, known: SeenHost, now: float) -> SeenHost:
    why = answer.seen.why if isinstance(answer.seen, Unreachable) else ""
    wait = asked_to_wait(answer.status, answer.headers, now)
    failures = known.failures + 1 if _is_outage(answer) else 0
    if wait:
        return SeenHost(now + wait, failures, limited=True, why=why)
    if failures:
        backoff = FIRST_WAIT * 2 ** min(failures - 1, MOST_DOUBLINGS)
        limited = answer.status == TOO_MANY
        return SeenHost(now + min(backoff, LATEST), failures, limited, why)
    return SeenHost(now)


def _worse(one: SeenHost | None, other: SeenHost) -> SeenHost:
    """Take the longer wait: a host is asked for several images in one look."""
    return other if one is None else max(one, other)


def _image_after(answer: Answer, known: SeenImage | None, due: float) -> SeenImage:
    if isinstance(answer.seen, Found):
        return SeenImage(due, answer.seen.value)
    if isinstance(answer.seen, Absent):
        # What it was stays known: it counts until it is there again, or something newer.
        return SeenImage(due, known.digest if known else "", absent=True)
    return (known or SeenImage(due))._replace(due=due, why=answer.seen.why)


def _answer(name: str, image: ImageRef, memory: Memory) -> Observation[str]:
    seen = memory.images.get(str(image), SeenImage(0.0))
    if seen.absent:
        return Absent(name)
    if seen.digest:
        return Found(seen.digest)
    host, _ = registry_of(image.repository)
    why = seen.why or memory.hosts.get(host, SeenHost()).why
    return Unreachable(name, why or f"registry {host} wants to be left alone for now")
