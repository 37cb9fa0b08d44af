"""Files and folders to `Loaded`: the one module of this layer that touches the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gitops.model.bundle import Loaded
from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.model.resources import BuildTask, PathSource
from gitops.spec.assembly import Assembly, LoadRequest, Text
from gitops.spec.build import Values
from gitops.spec.findings import Finding
from gitops.spec.limits import FILE_BYTES
from gitops.spec.references import Trouble
from gitops.spec.scope import Reader
from gitops.spec.text import decoded

__all__ = ["ENDINGS", "LoadRequest", "load", "read_bounded", "read_values"]

ENDINGS = (".yaml", ".yml", ".yaml.j2", ".yml.j2")
"""Which files of a scanned folder are read."""


class _File(NamedTuple):
    """A file to read, by the name the user knows it under."""

    name: str
    named: bool


def load(entries: Sequence[Path], request: LoadRequest) -> Loaded:
    """Read files, and folders recursively in sorted order; report everything that is wrong.

    Hidden files and folders are left out of a scan, links to folders are not followed, and a file
    that is reached twice is read once.
    """
    seen: set[str] = set()
    files: list[str] = []
    assembly = Assembly(request._replace(read=_reader(files)))
    for entry in entries:
        name = str(entry)
        if entry.is_dir():
            files.append(name)
            found: Iterator[_File] = _scan(name, files)
        else:
            found = iter([_File(name, named=True)])
        for file in found:
            real = str(Path(file.name).resolve())
            if real not in seen:
                seen.add(real)
                files.append(file.name)
                _add(assembly, file)
    _check_folders(assembly)
    return assembly.finish(tuple(files))


def _reader(files: list[str]) -> Reader:
    """Return what reads the files that specs take in; their names are appended to `files`."""

    def read(path: str, limit: int) -> str | Diagnostic:
        files.append(path)
        raw = read_bounded(path, limit)
        return raw if isinstance(raw, Diagnostic) else decoded(raw, path)

    return read


def _scan(folder: str, folders: list[str]) -> Iterator[_File]:
    """Yield the files of a folder in sorted order; the folders inside are appended to `folders`."""
    for root, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        # A folder by the name of a spec file stands where a file was: that file is told missing,
        # since what it held must not be taken for something that nobody wants any more.
        names += [name for name in inner if name.endswith(ENDINGS)]
        if root != folder:
            folders.append(root)
        for name in sorted(names):
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield _File(f"{root}/{name}".removeprefix("./"), named=False)


def _add(assembly: Assembly, file: _File) -> None:
    raw = read_bounded(file.name)
    if raw == b"":
        # An editor empties a file before it writes it: what it held is not known now.
        raw = _refused(file.name, "the file is empty", "write a document, or remove the file")
    text = raw if isinstance(raw, Diagnostic) else decoded(raw, file.name)
    if isinstance(text, Diagnostic):
        assembly.refuse(text)
    else:
        assembly.add(Text(file.name, str(Path(file.name).absolute()), text, file.named))


def read_bounded(name: str, limit: int = FILE_BYTES) -> bytes | Diagnostic:
    """Return the bytes of a file that has at most `limit`, or why they cannot be had."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for its writer for ever.
        with os.fdopen(os.open(name, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return _no_file(name, limit)
            if status.st_size > limit:
                return _too_large(name, status.st_size, limit)
            raw = stream.read(limit + 1)
    except FileNotFoundError:
        return _refused(name, "there is no file or folder of this name", "check the path")
    except IsADirectoryError:
        return _no_file(name, limit)
    except OSError as error:
        return _refused(name, f"cannot be read: {error.strerror}", "check its permissions")
    return _too_large(name, len(raw), limit) if len(raw) > limit else raw


def read_values(paths: Sequence[Path], settings: Sequence[str]) -> Values | list[Diagnostic]:
    """Return the values of templates: of the files in order, then of each `key=value`.

    Raises `ValueError` with a sentence for a setting that is not one.
    """
    if not paths and not settings:
        return {}
    from gitops.spec.values import merged, parse_setting, parse_values  # noqa: PLC0415 - rare

    values: Values = {}
    wrong: list[Diagnostic] = []
    for path in paths:
        raw = read_bounded(str(path))
        text = raw if isinstance(raw, Diagnostic) else decoded(raw, str(path))
        found = [text] if isinstance(text, Diagnostic) else parse_values(text, str(path))
        if isinstance(found, list):
            wrong += found
        else:
            values = merged(values, found)
    for setting in settings:
        values = merged(values, parse_setting(setting))
    return wrong or values


def _check_folders(assembly: Assembly) -> None:
    """Complain of a missing folder now: it is read much later, far from its spec."""
    for address, resource in assembly.resources.items():
        if isinstance(resource, BuildTask) and isinstance(resource.source, PathSource):
            folder = Path(resource.source.path)
            if not folder.is_dir():
                there = "is not a folder" if folder.exists() else "is not there"
                message = f"spec.source.path: the folder {_near(folder)} {there}"
                hint = "write a folder, relative to the folder of this file"
                finding = Finding(("spec", "source", "path"), message, hint)
                assembly.trouble(Trouble(address, finding))


def _near(path: Path) -> Path:
    """Return a path as a user would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _no_file(name: str, limit: int) -> Diagnostic:
    wanted = "of YAML, or a folder of them" if limit == FILE_BYTES else "with text"
    return _refused(name, "not a file", f"name a file {wanted}")


def _too_large(name: str, size: int, limit: int) -> Diagnostic:
    message = f"too large: {size} bytes, where at most {limit} are read"
    hint = "split the file, or take it out of the folder"
    if limit < FILE_BYTES:
        hint = "make it smaller, or part of the image"
    return _refused(name, message, hint)


def _refused(name: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, Span(name), message, hint)
