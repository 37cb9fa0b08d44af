"""How much of the engine's disk the containers and volumes of a run take.

One call, whatever runs there:
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemDataUsage
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.engine.http import expect
from gitops.drivers.engine.line import Lines
from gitops.drivers.tasks.marks import LABEL_RUN

# Engines before API 1.42 pass over the kinds, and tell of images and the build cache as well.
_PATH = "/system/df?type=container&type=volume"
_WHAT = "the room that the run takes could not be asked for"


class _Container(TypedDict):
    Labels: Mapping[str, str] | None
    SizeRw: NotRequired[int]


class _Usage(TypedDict):
    Size: int


class _Volume(TypedDict):
    Labels: Mapping[str, str] | None
    UsageData: NotRequired[_Usage | None]


class _Usages(TypedDict):
    Containers: NotRequired[Sequence[_Container] | None]
    Volumes: NotRequired[Sequence[_Volume] | None]


def room_of(lines: Lines, run: str, cancel: Cancel) -> int:
    """Return bytes; what the engine cannot measure counts nothing.

    Raises `DriverError`: CANCELLED when the flag was raised first, and whatever an engine says that
    is measuring for somebody else already (before 23.0 it does so for one at a time).
    """
    with lines.ask("GET", _PATH) as line:
        answer = line.answer(cancel)
    if answer is None:
        raise DriverError(ErrorKind.CANCELLED, _WHAT)
    found = cast("_Usages", expect(answer, _WHAT).json())
    containers = [
        one.get("SizeRw", 0) for one in found.get("Containers") or () if _is_of(one["Labels"], run)
    ]
    volumes = [
        (one.get("UsageData") or {"Size": 0})["Size"]
        for one in found.get("Volumes") or ()
        if _is_of(one["Labels"], run)
    ]
    return sum(size for size in (*containers, *volumes) if size > 0)


def _is_of(labels: Mapping[str, str] | None, run: str) -> bool:
    return (labels or {}).get(LABEL_RUN) == run
