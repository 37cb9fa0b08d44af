"""Files of aliases that a task names: below its folder, in the context, or at a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from gitops.drivers.base import DriverError
from gitops.drivers.contexts.files import RunFiles
from gitops.spec.limits import FILE_BYTES
from gitops.spec.tasks import FetchError

Ask = Callable[[], RunFiles]


class AliasFiles:
    """Reads each file once: what was checked is what runs. `known` are those that were read before.

    URLs are asked; other files are those of `files`, or without it of this machine.
    """

    def __init__(self, files: Ask | None, known: Mapping[str, str]) -> None:
        self._files = files
        self.read = dict(known)

    def __call__(self, where: str) -> str:
        """Return the text of a file; raise `FetchError`."""
        if where not in self.read:
            try:
                self.read[where] = self._text(where)
            except (OSError, DriverError, UnicodeDecodeError) as error:
                told = _told(error)
                raise FetchError(told if "://" in where else f"{where}: {told}") from error
        return self.read[where]

    def _text(self, where: str) -> str:
        if "://" in where:
            from gitops.drivers.contexts.alias_urls import read_aliases  # noqa: PLC0415 - rare

            return read_aliases(where)
        content = self._files().read(where) if self._files else read_bounded(Path(where))
        return content.decode()


def alias_files(files: Ask | None, known: Mapping[str, str] = MappingProxyType({})) -> AliasFiles:
    """Return what reads the files of aliases of one task."""
    return AliasFiles(files, known)


def read_bounded(path: Path) -> bytes:
    """Return a file, or as much of it as tells that it is too large."""
    with path.open("rb") as stream:
        return stream.read(FILE_BYTES + 1)


def _told(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
