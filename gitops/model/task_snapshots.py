"""All that it takes to make an image again as it was made: kept with the record of its run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.resources import BuildTask
from gitops.model.sources import Source
from gitops.model.wanted import WantedImage


class ByHand(NamedTuple):
    """What was given by hand for one run of a build task, without the value of any secret.

    `values` is JSON of all `.Values`, null for what was secret; empty means those of the task.
    `secrets` are by id: `env:NAME`, `file:PATH`, or empty for one that was typed. `hidden` are the
    names of values that were secret, `a.b` for `b` inside of `a`.
    """

    values: str = ""
    secrets: Mapping[str, str] = MappingProxyType({})
    hidden: tuple[str, ...] = ()


class BuildSnapshot(NamedTuple):
    """The image as it was wanted, with its args and the digests under it; the task as it was
    written, with references to secrets and without their values; and the source that was read.
    """

    image: WantedImage
    task: BuildTask
    source: Source
    given: ByHand = ByHand()
