"""Files of aliases that a task names: below its folder, in the context, or at a URL."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from gitops.drivers.base import DriverError
from gitops.drivers.contexts.files import RunFiles
from gitops.drivers.contexts.places import without_login
from gitops.spec.limits import FILE_BYTES
from gitops.spec.tasks import FetchError

Ask = Callable[[], RunFiles]
Redact = Callable[[str], str]


class AliasFiles:
    """Reads each file once: what was checked is what runs. `known` are those of an earlier run, by
    the names that `kept` gave them.

    URLs are asked; other files are those of `files`, or without it of this machine, from `top` on.
    """

    def __init__(
        self, files: Ask | None, top: Path, known: Mapping[str, str], redact: Redact
    ) -> None:
        self._files = files
        self.top = top
        self._known = known
        self._redact = redact
        self._read: dict[str, str] = {}

    def __call__(self, where: str) -> str:
        """Return the text of a file; raise `FetchError`."""
        if where not in self._read:
            *_, name = self._names([*self._read, where], self._redact)
            known = self._known.get(name)
            try:
                self._read[where] = self._text(where) if known is None else known
            except (OSError, DriverError, UnicodeDecodeError) as error:
                told = _told(error)
                raise FetchError(told if "://" in where else f"{where}: {told}") from error
        return self._read[where]

    def kept(self, redact: Redact) -> Mapping[str, str]:
        """Return the texts that were read, by names that hold no secret and no login."""
        return dict(zip(self._names(self._read, redact), self._read.values(), strict=True))

    def _names(self, places: Iterable[str], redact: Redact) -> Iterator[str]:
        """Give the name of each place; those that differ by what must not be kept have a number."""
        seen = Counter[str]()
        for place in places:
            name = redact(_shown(place) if "://" in place else self._path(place))
            seen[name] += 1
            yield name if seen[name] == 1 else f"{name} ({seen[name]})"

    def _path(self, path: str) -> str:
        """Return the path that a file has wherever a rerun is asked for."""
        if self._files:
            return posixpath.normpath(path)
        place = self.top / path
        return str(place.parent.resolve() / place.name)

    def _text(self, where: str) -> str:
        if "://" in where:
            from gitops.drivers.contexts.alias_urls import read_aliases  # noqa: PLC0415 - rare

            return read_aliases(where)
        content = self._files().read(where) if self._files else read_bounded(self.top / where)
        return content.decode()


def alias_files(
    files: Ask | None,
    top: str = ".",
    known: Mapping[str, str] = MappingProxyType({}),
    redact: Redact = str,
) -> AliasFiles:
    """Return what reads the files of aliases of one task, whose paths start at `top`.

    `redact` takes secrets out of names.
    """
    return AliasFiles(files, Path(top).resolve(), known, redact)


def _shown(url: str) -> str:
    """Return a URL without its login and its query, which may be a signature."""
    return without_login(url.partition("?")[0])


def read_bounded(path: Path) -> bytes:
    """Return a file, or as much of it as tells that it is too large."""
    with path.open("rb") as stream:
        return stream.read(FILE_BYTES + 1)


def _told(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
