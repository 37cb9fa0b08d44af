"""What appears at a path of a container: that no two things do at the same one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os.path import normpath
from typing import NamedTuple

from gitops.model.webapp import Mount
from gitops.spec.findings import Path, dotted
from gitops.spec.scope import Scope


class Place(NamedTuple):
    """`path` in the document has something appear at `mount`, a folder unless it is a `file`.

    Folders may hold folders; a file inside of one would have to be made in that storage first.
    """

    path: Path
    mount: str
    file: bool = False


def normal(mount: str) -> str:
    """Return an absolute path in a container without `.`, `..` and repeated slashes."""
    return f"/{normpath(mount).lstrip('/')}"


def volume_places(path: Path, volumes: Iterable[Mount]) -> list[Place]:
    """Return where the volumes that are listed at `path` appear."""
    return [Place((*path, number, "mount"), volume.mount) for number, volume in enumerate(volumes)]


def check_places(places: Iterable[Place], scope: Scope) -> None:
    """Complain of what appears at the root, where another thing is, or inside of one."""
    taken: dict[str, Place] = {}
    for place in places:
        mount = normal(place.mount)
        first = taken.setdefault(mount, place)
        if mount == "/":
            _refuse(place, "the root of the container", scope)
        elif first is not place:
            _refuse(place, f"taken by {dotted(first.path[:-1])} already", scope)
    for mount, place in taken.items():
        for above in _above(mount):
            holder = taken.get(above)
            if holder is not None and (holder.file or place.file):
                _refuse(place, f"inside of {dotted(holder.path[:-1])} ({holder.mount})", scope)


def _refuse(place: Place, what: str, scope: Scope) -> None:
    scope.complain(place.path, f"{place.mount} is {what}", "mount it at a path of its own")


def _above(mount: str) -> Iterator[str]:
    """Yield every folder above a path, less the root."""
    while (mount := mount.rpartition("/")[0]) != "":
        yield mount
