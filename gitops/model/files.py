"""Files of a container: the volume that holds them is named by what is in them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from gitops.model.webapp import File

_HASH = 12
"""Hex digits of the hash that a name has."""


def files_volume(project: str, files: Sequence[File]) -> str:
    """Return the name of the volume that holds `files`: `shop-files-0123456789ab`.

    Paths, contents and modes all have a part in it, so that a change makes another volume, and what
    runs keeps what it was started with.
    """
    told = json.dumps([list(file) for file in files]).encode()
    return f"{project}-files-{hashlib.sha256(told).hexdigest()[:_HASH]}"


def is_files_volume(project: str, name: str) -> bool:
    """Say whether `name` is one that `files_volume` gives: nobody else's data are in it."""
    return bool(re.fullmatch(rf"{re.escape(project)}-files-[0-9a-f]{{{_HASH}}}", name))
