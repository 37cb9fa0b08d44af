"""Tags of images that have a meaning of their own, and are nobody's to give."""

from __future__ import annotations

import re

CACHE = "cache"
"""The tag under which layers are kept for other machines; those of stages are `cache-STAGE`."""

_OWN = (
    (r"latest", "is moved by the task itself"),
    (r"pr-[0-9]+(?:-[0-9a-f]{24})?", "is kept for a pull request"),
    (r"gitops-[0-9a-f]{24}(?:-unattested)?", "is how an image is named by its inputs"),
)


def meaning(tag: str, *, caches: bool) -> str:
    """Return what a tag means to us, as the end of a sentence; empty for one that is free.

    `caches` says whether layers are kept in the repository.
    """
    if caches and re.fullmatch(rf"{CACHE}(?:-.*)?", tag):
        return "is where layers are kept for other machines"
    return next((what for pattern, what in _OWN if re.fullmatch(pattern, tag)), "")
