"""Base images followed, against registries in this process."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from registry_servers import DIGEST, FOUND, Asked, Reply, serving

from gitops.drivers.registry.base_digests import HURRIED, LATEST, SOONEST, BaseDigests, Fate
from gitops.drivers.registry.digest_memory import FILE, DigestMemory
from gitops.drivers.registry.http import OciHttp
from gitops.drivers.registry.oci import Answer, OciRegistry
from gitops.model.image import ImageRef
from gitops.model.outcomes import Absent, Found, Observation, Unreachable

MOVED = "sha256:" + "b" * 64
START = 1_700_000_000.0
FROM_NOWHERE = '{"due":NaN,"digest":"x","absent":false,"why":""}'
FOR_EVER = '{"until":9e99,"failures":1,"limited":true,"why":""}'
NOBODY: frozenset[str] = frozenset()


class Follower:
    """A run of the program after another: only the folder and the time go on."""

    def __init__(self, folder: Path, chance: float = 0.5) -> None:
        self.folder = folder
        self.chance = chance
        self.now = START

    def look(
        self, *images: str, own: frozenset[str] = NOBODY, deadline: float = 5.0
    ) -> Mapping[str, Observation[str]]:
        """Look as a new process would, and end."""
        registry = OciRegistry({}, OciHttp(never, HURRIED))
        fate = Fate(lambda: self.now, lambda: self.chance)
        try:
            return BaseDigests(DigestMemory(self.folder), registry, fate, deadline).look(
                images, own
            )
        finally:
            registry.close()


def never(_: float) -> None:
    raise AssertionError("a look must not wait")


def date_at(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    return Follower(tmp_path / "cache")


def test_followed_tag_is_asked_once_in_its_time(follower: Follower) -> None:
    """An image is one HEAD for all tasks and runs until its time is over; then a move is seen."""
    replies = [FOUND, Reply(200, {"Docker-Content-Digest": MOVED})]
    with serving(lambda _: replies[0]) as (host, asked):
        image = f"{host}/base:1"
        pinned = f"{image}@{DIGEST}"
        assert follower.look(image, image, pinned) == {image: Found(DIGEST)}
        del replies[0]
        follower.now += (SOONEST + LATEST) / 2 - 1
        assert follower.look(image) == {image: Found(DIGEST)}
        assert len(asked) == 1
        follower.now += 1
        assert follower.look(image) == {image: Found(MOVED)}
    assert [each.method for each in asked] == ["HEAD", "HEAD"]


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 600.0), (0.999999, 3599.99)])
def test_time_between_looks_is_ten_to_sixty_minutes(
    tmp_path: Path, chance: float, wait: float
) -> None:
    """The time until the next look is drawn from ten to sixty minutes."""
    follower = Follower(tmp_path, chance)
    with serving(lambda _: FOUND) as (host, asked):
        for now, count in ((START, 1), (START + wait - 1, 1), (START + wait + 1, 2)):
            follower.now = now
            follower.look(f"{host}/base")
            assert len(asked) == count


def test_own_registry_is_asked_at_each_look(follower: Follower) -> None:
    """A registry of the specs is asked at each look, also right after it was away."""
    replies = [FOUND, Reply(500), Reply(200, {"Docker-Content-Digest": MOVED})]
    with serving(lambda _: replies.pop(0)) as (host, _):
        image = f"{host}/base:1"
        seen = [follower.look(image, own=frozenset([host]))[image] for _ in range(3)]
    assert seen == [Found(DIGEST), Found(DIGEST), Found(MOVED)]


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (Reply(429, {"Retry-After": "7200"}), 7200),
        (Reply(503, {"Retry-After": date_at(START + 900)}), 900),
        (Reply(200, {**FOUND.headers, "RateLimit-Remaining": "0;w=21600"}), 21600),
        (Reply(429), 60),
    ],
)
def test_limits_of_the_registry_are_kept(follower: Follower, reply: Reply, wait: int) -> None:
    """No image of a registry is asked for before the time that it named, not even of an own one."""
    replies = [reply]
    with serving(lambda _: replies[0]) as (host, asked):
        one, two = f"{host}/one", f"{host}/two"
        follower.look(one, own=frozenset([host]))
        replies[0] = FOUND
        follower.now += wait - 1
        away = follower.look(two, own=frozenset([host]))
        assert len(asked) == 1
        follower.now += 2
        assert follower.look(two, own=frozenset([host])) == {two: Found(DIGEST)}
    assert isinstance(away[two], Unreachable)
    assert len(asked) == 2


def test_other_images_wait_too_when_one_is_refused(follower: Follower) -> None:
    """After a 429, what was not yet asked is left for later: not each image meets the limit."""
    with serving(lambda _: Reply(429, {"Retry-After": "60"})) as (host, asked):
        seen = follower.look(*(f"{host}/base:{number}" for number in range(100)))
    assert len(asked) <= 32
    assert len(seen) == 100
    assert all(isinstance(each, Unreachable) for each in seen.values())


def test_outage_is_answered_from_memory(follower: Follower) -> None:
    """A registry that is away is answered for with the last digest, and tried ever more seldom."""
    with serving(lambda _: FOUND) as (host, _):
        image = f"{host}/base:1"
        follower.look(image)
    follower.now += LATEST
    new = f"{host}/new:1"
    seen = follower.look(image, new)
    assert seen[image] == Found(DIGEST)
    assert isinstance(seen[new], Unreachable)
    assert "cannot be reached" in seen[new].why
    waits = []
    for _ in range(8):
        until = held(follower)[host]["until"]
        waits.append(round((until - follower.now) / 60))
        follower.now = until - 1
        follower.look(image)
        assert held(follower)[host]["until"] == until
        follower.now = until
        assert follower.look(image) == {image: Found(DIGEST)}
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def held(follower: Follower) -> dict[str, dict[str, float]]:
    hosts: dict[str, dict[str, float]] = json.loads((follower.folder / FILE).read_text())["hosts"]
    return hosts


def test_absent_and_refused_images(follower: Follower) -> None:
    """An unknown tag is absent, a refused one unreachable; the registry's others are not held."""
    answers = {"gone": Reply(404), "locked": Reply(401), "there": FOUND, "was": FOUND}

    def answer(request: Asked) -> Reply:
        return answers[request.path.split("/")[2]]

    with serving(answer) as (host, asked):
        names = {name: f"{host}/{name}:1" for name in answers}
        first = follower.look(*names.values())
        follower.look(*names.values())
        assert len(asked) == 4
        answers["was"] = Reply(403)
        follower.now += LATEST
        second = follower.look(*names.values())
    assert first[names["gone"]] == Absent(names["gone"])
    assert isinstance(first[names["locked"]], Unreachable)
    assert first[names["there"]] == first[names["was"]] == second[names["was"]] == Found(DIGEST)


def test_images_are_asked_side_by_side(follower: Follower) -> None:
    """Eight images are under way at the same time."""
    arrived: list[str] = []
    all_here = Event()

    def answer(request: Asked) -> Reply:
        arrived.append(request.path)
        if len(arrived) == 8:
            all_here.set()
        return FOUND if all_here.wait(4) else Reply(500)

    with serving(answer) as (host, _):
        seen = follower.look(*(f"{host}/base:{number}" for number in range(8)))
    assert set(seen.values()) == {Found(DIGEST)}


def test_silent_registry_costs_the_deadline_once(follower: Follower) -> None:
    """A registry that says nothing ends the look at its deadline, and is left alone by the next."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        image = f"127.0.0.1:{server.getsockname()[1]}/base"
        seen = follower.look(image, deadline=0.2)[image]
        again = follower.look(image, deadline=0.2)[image]
        server.settimeout(1)
        server.accept()[0].close()
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert isinstance(seen, Unreachable)
    assert "no answer within 0.2 s" in seen.why
    assert again == seen


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '{"version":1,"images":{"a":{}},"hosts":{}}', '{"version":9}'),
        "[" * 99999,
        ('{"version":1,"hosts":{},"images":{"%s/base:latest":' + FROM_NOWHERE + "}}"),
        ('{"version":1,"images":{},"hosts":{"%s":' + FOR_EVER + "}}"),
    ],
)
def test_broken_memory_is_forgotten(follower: Follower, text: str) -> None:
    """A file that cannot be read, or speaks of a time that cannot be, only means asking again."""
    follower.folder.mkdir()
    with serving(lambda _: FOUND) as (host, asked):
        (follower.folder / FILE).write_text(text.replace("%s", host))
        for _ in range(2):
            assert follower.look(f"{host}/base") == {f"{host}/base": Found(DIGEST)}
    assert len(asked) == 1


def test_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Without a place to write, one process still remembers."""
    (tmp_path / "file").write_text("")
    with serving(lambda _: FOUND) as (host, asked):
        registry = OciRegistry({}, OciHttp(never, HURRIED))
        memory = DigestMemory(tmp_path / "file" / "cache")
        digests = BaseDigests(memory, registry, Fate(lambda: START, lambda: 0.5))
        for _ in range(2):
            assert digests.look([f"{host}/base"], NOBODY) == {f"{host}/base": Found(DIGEST)}
        registry.close()
    assert len(asked) == 1


def test_runs_at_the_same_time_lose_nothing(follower: Follower) -> None:
    """What runs at the same time learn is all remembered, and the file is whole at every moment."""
    with serving(lambda _: FOUND) as (host, asked):
        names = [f"{host}/base:{number}" for number in range(12)]
        threads = [Thread(target=follower.look, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked) == 12
        follower.look(*names)
    assert len(asked) == 12
    assert [path.name for path in follower.folder.iterdir() if path.name.startswith(".")] == []


def test_spellings_of_one_hub_image_are_one(tmp_path: Path) -> None:
    """`busybox` and `docker.io/library/busybox:latest` are one image, on Docker Hub."""
    asked: list[str] = []

    class Counting(OciRegistry):
        def asked(self, image: ImageRef) -> Answer:
            """Note the name, and ask the server here."""
            asked.append(str(image))
            return super().asked(image._replace(repository=f"{host}/busybox"))

    names = ["busybox", "docker.io/busybox", "index.docker.io/library/busybox:latest"]
    with serving(lambda _: FOUND) as (host, _):
        registry = Counting({}, OciHttp(never, HURRIED))
        fate = Fate(lambda: START, lambda: 0.5)
        seen = BaseDigests(DigestMemory(tmp_path), registry, fate).look(names, NOBODY)
        registry.close()
    assert asked == ["docker.io/library/busybox:latest"]
    assert seen == dict.fromkeys(names, Found(DIGEST))
