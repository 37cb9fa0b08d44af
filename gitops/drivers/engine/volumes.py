"""What is in the volumes of a Docker engine, written and read by the hand of a container.

The engine has no call for a volume's content, but reaches that of a container that was created and
never started (Engine API v1.41, PutContainerArchive and ContainerArchive), whatever its image.
"""

from __future__ import annotations

import io
import tarfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import docker

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.body import FilesPlace
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.model.files import files_volume
from gitops.model.image import ImageRef
from gitops.model.observed import LABEL_HAND, LABEL_PROJECT, only_ours
from gitops.model.wanted import WantedContainer

STALE = 60.0
"""Seconds after which the process that made a hand must have died: it is needed for one or two."""
_AT = "/v"


class Entry(NamedTuple):
    """A file that is to be written: its path below a folder, and its permission bits."""

    path: str
    data: bytes
    mode: int = 0o644


def write_volume(client: SdkClient, volume: str, image: ImageRef, entries: Sequence[Entry]) -> None:
    """Put files into a volume, made if it is not there; folders are made as well."""
    with _hand(client, volume, image) as (api, name):
        api.put_archive(name, _AT, archive(entries))


def read_volume(client: SdkClient, volume: str, image: ImageRef, path: str) -> bytes | None:
    """Return a file of a volume; none when there is no such file or volume."""
    try:
        with client.use(f"volume {volume} could not be looked at") as api:
            # It is not made only to be found empty.
            api.inspect_volume(volume)
        with _hand(client, volume, image) as (api, name):
            try:
                chunks, _ = api.get_archive(name, f"{_AT}/{path}")
            except docker.errors.NotFound:
                return None
            return _only_file(chunks)
    except DriverError as error:
        if error.kind is ErrorKind.MISSING and "volume" in error.detail.lower():
            return None
        raise


def remove_volume(client: SdkClient, name: str) -> None:
    """Remove a volume, and the hands that were left at it; one that is gone already is fine."""
    try:
        with client.use(f"volume {name} could not be removed") as api:
            try:
                api.remove_volume(name)
            except docker.errors.APIError as error:
                if error.status_code != 409 or not _let_go(api, name):  # noqa: PLR2004 - in use
                    raise
                api.remove_volume(name)
    except DriverError as error:
        if error.kind is not ErrorKind.MISSING:
            raise


def provide_files(client: SdkClient, container: WantedContainer) -> FilesPlace | None:
    """Make sure that the volume of a container's files is there with all of them.

    A container mounts it only once it is complete, so that it is left alone when one does, and
    written again when none does: a process that died may have left it half filled.
    """
    if not container.files:
        return None
    project = container.labels.get(LABEL_PROJECT, "")
    volume = files_volume(project, container.files)
    with client.use(f"the volume for the files of {container.name} could not be made") as api:
        made = api.create_volume(volume, labels={LABEL_PROJECT: project})
        users = api.containers(all=True, filters={"volume": volume})
    if all((user["Labels"] or {}).get(LABEL_HAND) for user in users):
        entries = [
            Entry(str(number), file.content.encode(), file.mode)
            for number, file in enumerate(container.files)
        ]
        write_volume(client, volume, container.image, entries)
    return FilesPlace(volume, made["Mountpoint"])


def archive(entries: Iterable[Entry]) -> bytes:
    """Return a tar of files, owned by root and of this moment.

    Web servers tell a new version of a file by its size and time: with the same time for ever, a
    browser would go on with the old one where both are of one size.
    """
    buffer, now = io.BytesIO(), int(time.time())
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for entry in entries:
            told = tarfile.TarInfo(entry.path.lstrip("/"))
            told.size = len(entry.data)
            told.mode = entry.mode
            told.mtime = now
            packed.addfile(told, io.BytesIO(entry.data))
    return buffer.getvalue()


@contextmanager
def _hand(
    client: SdkClient, volume: str, image: ImageRef
) -> Iterator[tuple[docker.APIClient, str]]:
    """Give a container that has the volume at `_AT`; it is removed whatever happens."""
    name = f"{volume}-hand-{uuid.uuid4().hex[:8]}"
    with client.use(f"volume {volume} could not be reached by a container of {image}") as api:
        _let_go(api, volume)
        # One that is there already is given back as it is.
        project = (api.create_volume(volume)["Labels"] or {}).get(LABEL_PROJECT)
        # Without an owner no plan takes it for an app; by its project `down` removes what is left.
        labels = {LABEL_HAND: volume} | ({LABEL_PROJECT: project} if project else {})
        api.create_container_from_config(  # type: ignore[no-untyped-call]
            _hand_body(volume, image, labels), name
        )
        try:
            yield api, name
        finally:
            api.remove_container(name, v=True, force=True)


def _hand_body(volume: str, image: ImageRef, labels: Mapping[str, str]) -> dict[str, object]:
    return {
        "Image": image.pinned,
        # It never runs, but an image without a command would be refused.
        "Cmd": ["-"],
        "Labels": only_ours(labels),
        "HostConfig": {
            "NetworkMode": "none",
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": volume,
                    "Target": _AT,
                    # What the image has at that path is not the volume's.
                    "VolumeOptions": {"NoCopy": True},
                }
            ],
        },
    }


def _let_go(api: docker.APIClient, volume: str) -> bool:
    """Remove the hands that a process which died left at a volume; say whether there were any."""
    hands = api.containers(all=True, filters={"label": f"{LABEL_HAND}={volume}"})
    left = [hand["Id"] for hand in hands if hand["Created"] < time.time() - STALE]
    for hand in left:
        api.remove_container(hand, v=True, force=True)
    return bool(left)


def _only_file(chunks: Iterable[bytes]) -> bytes | None:
    """Return the content of the one file in a tar; none when it is no file."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as packed:
        first = packed.next()
        content = packed.extractfile(first) if first else None
        return content.read() if content else None
