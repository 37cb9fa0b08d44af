"""Names of images, as steps write them and as they are pushed."""

from __future__ import annotations

import re

from gitops.model.image import parse_image
from gitops.spec.tasks.words import LineError, quoted

_LONGEST = 512
_HOST = r"(?:localhost|(?=[^/]*[.:])[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]{1,5})?)/"
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
# https://github.com/distribution/reference/blob/main/reference.go
_NAME = re.compile(
    rf"(?:{_HOST})?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@[a-z0-9]+:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)


def checked_image(name: str) -> str:
    """Return the name of an image as it is. Raises `LineError` if it cannot be one."""
    if len(name) <= _LONGEST and _NAME.fullmatch(name):
        return name
    hint = "write registry/name:tag, the name in lower case"
    if name.startswith("/"):
        hint = "the registry is empty: give the run a registry"
    elif re.search(r"\$[a-zA-Z]", name):
        hint = "aliases such as $Registry need version: v1.1.0 and a known name"
    raise LineError(f"{quoted(name)} is not the name of an image", hint)


def tagged(name: str) -> str:
    """Return a name with its tag: `latest` if there is neither tag nor digest."""
    return str(parse_image(name))


def pushed(name: str, registry: str) -> str:
    """Return the name that an image is pushed by: one without a registry goes to the run's.

    https://github.com/Azure/acr-builder/blob/main/util/prefixes.go
    """
    whole = tagged(name)
    first, slash, _ = whole.partition("/")
    hosted = slash and ("." in first or ":" in first or first in ("localhost", "library"))
    if not registry or hosted or whole.startswith(f"{registry}/"):
        return whole
    return f"{registry}/{whole}"
