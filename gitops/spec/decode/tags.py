"""Tags of an image that a spec may not set, since they have a meaning of their own."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.model.image_tags import meaning
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec

_HINTS = {"latest": "write latest: true in its place"}


def check_tags(tags: Sequence[str], spec: Spec, scope: Scope) -> None:
    """Complain of tags that something else is kept under."""
    caches = spec.get("cache", EMPTY).get("mode", "max") != "off"
    for number, tag in enumerate(tags):
        if what := meaning(tag, caches=caches):
            hint = _HINTS.get(tag, "write another name")
            scope.complain(("spec", "tags", number), f"the tag {shown(tag)} {what}", hint)
