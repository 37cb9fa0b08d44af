"""What an image is made from, part by part: two of them tell why a task runs again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class BuildInputs(NamedTuple):
    """One task's inputs. `tree`, `recipe` and `config` are hashes: of the files that are followed,
    of the Dockerfile or task file, and of all else that the spec says.

    `bases` are digests by image, `scheduled` the last due time of each schedule, `after` the
    fingerprints of the tasks before it.
    """

    tree: str
    recipe: str
    config: str
    commit: str = ""
    bases: Mapping[str, str] = MappingProxyType({})
    scheduled: Mapping[str, str] = MappingProxyType({})
    after: Mapping[str, str] = MappingProxyType({})
