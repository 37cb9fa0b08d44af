"""Tags of an image that a spec may not set, since they have a meaning of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec

_OWN = (
    (r"latest", "is moved by the task itself", "write latest: true in its place"),
    (r"pr-[0-9]+(-[0-9a-f]{24})?", "is kept for a pull request", "write another name"),
    (
        r"gitops-[0-9a-f]{24}(-unattested)?",
        "is how an image is named by its inputs",
        "write another name",
    ),
)
_CACHE = r"cache(-.*)?"


def check_tags(tags: Sequence[str], spec: Spec, scope: Scope) -> None:
    """Complain of tags that something else is kept under."""
    for number, tag in enumerate(tags):
        path = ("spec", "tags", number)
        for pattern, what, hint in _OWN:
            if re.fullmatch(pattern, tag):
                scope.complain(path, f"the tag {shown(tag)} {what}", hint)
        keeps = spec.get("cache", EMPTY).get("mode", "max") != "off"
        if keeps and re.fullmatch(_CACHE, tag):
            what = f"layers for other machines are kept under {shown(tag)}"
            scope.complain(path, what, "write another name, or cache: {mode: off}")
