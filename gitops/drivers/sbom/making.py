"""The SBOM of an image on the engine: its archive is read as the engine writes it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, cast

from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.sbom.document import document
from gitops.drivers.sbom.image_tar import packages_of
from gitops.model.image import ImageRef

PIECE = 1 << 18


class _Pieces(io.RawIOBase):
    """A stream over pieces of bytes that come one after another."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` as far as the current piece goes; 0 at the end."""
        target = memoryview(cast("bytearray", buffer))
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def make_sbom(client: SdkClient, local: str, image: ImageRef, date: float) -> bytes:
    """Return the SBOM of the image that the engine has under the name or id `local`.

    `image` is its name and digest in the registry, `date` its time in seconds since 1970. Raises
    `DriverError` when the engine does not have it or is not there.
    """
    what = f"the packages of {image} could not be listed"
    with client.use(what) as api:
        pieces = api.get_image(local, chunk_size=PIECE)
        stream = io.BufferedReader(_Pieces(iter(pieces)), PIECE)
        packages = packages_of(cast("IO[bytes]", stream), what)
    return document(image, packages, date)
