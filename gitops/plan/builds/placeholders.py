"""`{{ commit }}` and its like in the args and tags of a build task, filled in from its source."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gitops.model.sources import Source

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NOT_IN_A_TAG = re.compile(r"[^\w.-]", re.ASCII)


def fill(text: str, source: Source) -> str:
    """Return `text` with each placeholder replaced.

    Raises `ValueError`, with a sentence for the user, when the source has no such value (a folder
    has no commit) or the name is unknown.
    """
    if "{{" not in text:
        return text
    values = _values(source)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise ValueError(f"{text!r} names {name!r}; known are {', '.join(sorted(values))}")
        if not values[name]:
            raise ValueError(f"{text!r} needs a {name}, which this source does not have")
        return values[name]

    return _PLACEHOLDER.sub(value, text)


def fill_tag(text: str, source: Source) -> str:
    """Like `fill`; what may not stand in a tag (the `/` of a branch name) becomes `-`.

    Grammar: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    """
    tag = _NOT_IN_A_TAG.sub("-", fill(text, source)).lstrip(".-")[:128]
    if not tag:
        raise ValueError(
            f"{text!r} gives no tag: nothing of {fill(text, source)!r} may stand in one"
        )
    return tag


def _values(source: Source) -> dict[str, str]:
    date = datetime.fromtimestamp(source.date, UTC).strftime("%Y%m%d") if source.date else ""
    return {
        "commit": source.commit,
        "short_commit": source.short_commit,
        "branch": source.branch,
        "tag": source.tag,
        "date": date,
    }
