"""Which stages a build has: from its Dockerfile before it, from its log after it."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable
from contextlib import suppress

from gitops.drivers.base import BuildContext, DriverError
from gitops.drivers.builders.read_back import read_back
from gitops.model.dockerfile import stage_names

LONGEST = 1 << 20
"""Bytes of a Dockerfile that are looked at."""

_LOGGED = re.compile(r"^#\d+ \[(?:[a-z0-9]+/\S+ )?([a-z][a-z0-9_.-]*) +\d+/\d+\]")
_UNNAMED = re.compile(r"stage-\d+")


def logged_stages(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the named stages that took part in a build, from either builder's log.

    BuildKit writes `#7 [name 2/4] RUN make`, the engine `Step 3/9 : FROM busybox AS name`.
    """
    found: dict[str, None] = {}
    for line in lines:
        if match := _LOGGED.match(line):
            found[match[1].lower()] = None
        elif line.startswith("Step "):
            found.update(dict.fromkeys(stage_names(line.partition(" : ")[2])))
    return tuple(name for name in found if not _UNNAMED.fullmatch(name) and name != "internal")


def dockerfile_of(context: BuildContext) -> str:
    """Return the text of a context's Dockerfile; empty when it is not found.

    The context is written until the Dockerfile has come, and no further.
    """
    # Where the context is at fault, the build will say so.
    with (
        suppress(DriverError, OSError, ValueError, tarfile.TarError),
        read_back(context) as members,
    ):
        for info, content in members:
            if info.name == context.dockerfile and content is not None:
                return content.read(LONGEST).decode(errors="replace")
    return ""
