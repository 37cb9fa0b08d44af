"""Puts files into a gateway's container, running or not, by the engine's archive calls."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from gitops.drivers.engine.http import Call, EngineHttp, expect
from gitops.drivers.gateway.reader import archive_path


class Placed(NamedTuple):
    """A file to be written: `modified` is seconds since 1970, `owner` a numeric user of the
    container.
    """

    name: str
    data: bytes
    modified: int = 0
    mode: int = 0o644
    owner: int = 0


def put_files(http: EngineHttp, container: str, folder: str, files: Sequence[Placed]) -> None:
    """Write files into a folder that is there; raise MISSING when it is not."""
    names = ", ".join(each.name for each in files)
    answer = http.call("PUT", archive_path(container, folder), _tar(files))
    expect(answer, f"{names} could not be written into {folder} of gateway {container}")


def are_there(http: EngineHttp, container: str, paths: Sequence[str]) -> list[bool]:
    """Say of each path whether it is a file in the container; all are asked for at once."""
    answers = http.calls([Call("HEAD", archive_path(container, path)) for path in paths])
    return [answer.status == 200 for answer in answers]  # noqa: PLR2004 - OK


def remove_files(http: EngineHttp, container: str, paths: Sequence[str]) -> None:
    """Remove files from a running container, as far as it has a program that can.

    Nothing depends on it, so nothing is said when it fails. It runs as root: the official image
    does not, and could not remove what the engine wrote.
    """
    command = {"Cmd": ["rm", "-f", *paths], "User": "0"}
    made = http.call("POST", f"/containers/{quote(container)}/exec", command)
    if made.status == 201:  # noqa: PLR2004 - created
        started = made.json()
        if isinstance(started, dict):
            http.call("POST", f"/exec/{started['Id']}/start", {"Detach": True})


def _tar(files: Sequence[Placed]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for each in files:
            entry = tarfile.TarInfo(each.name)
            entry.size, entry.mode, entry.mtime = len(each.data), each.mode, each.modified
            entry.uid = entry.gid = each.owner
            archive.addfile(entry, io.BytesIO(each.data))
    return buffer.getvalue()
