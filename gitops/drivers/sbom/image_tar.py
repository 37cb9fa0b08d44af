"""The packages of an image, read from its archive as it streams by.

Archives as `docker save` writes them, of engines before and after 25:
https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
Layers and whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import json
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.sbom.packages import Package, reader_of

LARGEST_FILE = 64 << 20
"""Bytes of a package database; the largest one seen has 6 MB."""
MOST_ENTRIES = 200_000
"""Files and whiteouts of a layer that are remembered."""
_GONE = ".wh."
_OPAQUE = ".wh..wh..opq"


class _Layer(NamedTuple):
    """What a layer tells of packages, by file; what it takes away; folders that it empties."""

    files: dict[str, tuple[Package, ...]]
    gone: set[str]
    emptied: set[str]


def packages_of(archive: IO[bytes], what: str) -> tuple[Package, ...]:
    """Return the packages in the image whose archive this is, sorted.

    Reads once from front to end; needs memory for the packages alone. Raises `DriverError`
    (INVALID), beginning with `what`, when the archive is broken or a part of it too large.
    """
    try:
        layers, order = _read(archive, what)
        found: dict[str, tuple[Package, ...]] = {}
        for name in order:
            layer = layers[name]
            found = {path: each for path, each in found.items() if not _hidden(path, layer)}
            found |= layer.files
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DriverError(ErrorKind.INVALID, what, f"its archive is broken: {error!r}") from error
    every = {each for packages in found.values() for each in packages}
    return tuple(sorted(each for each in every if each.name and each.version))


def _read(archive: IO[bytes], what: str) -> tuple[Mapping[str, _Layer], list[str]]:
    layers: dict[str, _Layer] = {}
    links: dict[str, str] = {}
    order: list[str] = []
    with tarfile.open(fileobj=archive, mode="r|") as outer:
        for member in outer:
            stream = outer.extractfile(member) if member.isreg() else None
            if member.issym():  # a layer that is there twice
                folder = posixpath.dirname(member.name)
                links[member.name] = posixpath.normpath(posixpath.join(folder, member.linkname))
            elif stream and member.name == "manifest.json":
                order = [str(name) for name in json.loads(_text(member, stream, what))[0]["Layers"]]
            elif stream and (member.name.endswith("/layer.tar") or "blobs/" in member.name):
                layer = _layer(stream, what)
                if layer is not None:
                    layers[member.name] = layer
    if not order:
        raise ValueError("manifest.json")
    return layers, [links.get(name, name) for name in order]


def _layer(stream: IO[bytes], what: str) -> _Layer | None:
    """Return a layer; None when it is none: configurations are blobs too."""
    try:
        inner = tarfile.open(fileobj=stream, mode="r|*")  # noqa: SIM115 - the next line closes it
    except tarfile.ReadError:
        return None
    layer = _Layer({}, set(), set())
    with inner:
        for member in inner:
            _enter(layer, inner, member, what)
            if len(layer.files) + len(layer.gone) + len(layer.emptied) > MOST_ENTRIES:
                raise DriverError(ErrorKind.INVALID, what, f"a layer has over {MOST_ENTRIES} parts")
            inner.members = []  # type: ignore[attr-defined] # it would remember every file
    return layer


def _enter(layer: _Layer, inner: tarfile.TarFile, member: tarfile.TarInfo, what: str) -> None:
    path = posixpath.normpath(f"/{member.name}").lstrip("/")
    folder, _, name = path.rpartition("/")
    if name == _OPAQUE:
        layer.emptied.add(folder)
    elif name.startswith(_GONE):
        layer.gone.add(posixpath.join(folder, name.removeprefix(_GONE)))
    elif reader := reader_of(path):
        stream = inner.extractfile(member) if member.isreg() else None
        layer.files[path] = tuple(reader(_text(member, stream, what))) if stream else ()


def _text(member: tarfile.TarInfo, stream: IO[bytes], what: str) -> str:
    # Asking for as much as the limit would take that much memory for the smallest file.
    if member.size > LARGEST_FILE:
        raise DriverError(ErrorKind.INVALID, what, f"{member.name} has over {LARGEST_FILE} bytes")
    return stream.read().decode(errors="replace")


def _hidden(path: str, layer: _Layer) -> bool:
    """Say whether `layer` takes away what layers below it have at `path`."""
    return path in layer.gone or any(
        folder in layer.gone or folder in layer.emptied for folder in _folders(path)
    )


def _folders(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
