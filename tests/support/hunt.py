"""Looks for secret values wherever a run may have left them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import quote

from support.scenario import World


class ProcessList:
    """Reads the command line of every process, again and again, while the body of a `with` runs."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        own: dict[str, int] = {}
        while not self._stop.wait(0.002):
            for entry in Path("/proc").iterdir():
                # A process's line is read a few times, since it changes when a program replaces it.
                if entry.name.isdecimal() and own.get(entry.name, 0) < 20:
                    own[entry.name] = own.get(entry.name, 0) + 1
                    self.seen.add(_read(entry / "cmdline"))


def forms(values: Mapping[str, str], users: tuple[str, ...]) -> dict[str, bytes]:
    """Return each value as it is, and as HTTP, URLs and JSON spell it."""
    found: dict[str, bytes] = {}
    for name, value in values.items():
        found[name] = value.encode()
        found[f"{name} in a URL"] = quote(value, safe="").encode()
        found[f"{name} in JSON"] = json.dumps(value)[1:-1].encode()
        found[f"{name} in base64"] = b64encode(value.encode()).rstrip(b"=")
        for user in users:
            pair = b64encode(f"{user}:{value}".encode()).rstrip(b"=")
            found[f"{name} as a login of {user}"] = pair
    return found


def leaks(world: World, spellings: Mapping[str, bytes], *, but: tuple[Path, ...]) -> list[str]:
    """Return every place with a secret: what was said, every file, labels, images, histories.

    `but` are files that hold a secret by right, and folders of such.
    """
    return [
        f"{secret}: {place}"
        for place, data in _places(world, but)
        for secret, spelling in spellings.items()
        if spelling in data
    ]


def _places(world: World, but: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    for result in world.results:
        yield f"output of {result.command}", result.text.encode()
    for path in world.folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(one) for one in but):
            yield f"file {path}", path.read_bytes()
    for one in world.containers():
        found = world.engine.inspect_container(one["Id"])
        # The environment is where an app's secrets belong; see `environment`.
        found["Config"].pop("Env", None)
        yield f"container {one['Names']}", json.dumps(found, ensure_ascii=False).encode()
    for image in world.engine.images(filters={"reference": f"localhost:{world.registry_port}/*"}):
        told = [world.engine.inspect_image(image["Id"]), world.engine.history(image["Id"])]
        yield f"image {image['RepoTags']}", json.dumps(told, ensure_ascii=False).encode()


def environment(world: World, name: str) -> dict[str, str]:
    """Return the variables of an app's container."""
    found = world.engine.inspect_container(world.container("WebApp", name)["Id"])
    return dict(line.split("=", 1) for line in found["Config"]["Env"])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
