"""`--cache-from` and `--cache-to`: layers that are kept in a registry."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.spec.tasks.images import checked_image, tagged
from gitops.spec.tasks.words import LineError, quoted

_HINT = "write type=registry,ref=IMAGE"


def cache_source(written: str) -> str:
    """Return the image of `--cache-from`, written alone or as `type=registry,ref=`."""
    if "=" not in written:
        return tagged(checked_image(written))
    return _registry("--cache-from", written, ("type", "ref"))["ref"]


def cache_target(written: Sequence[str]) -> tuple[str, str]:
    """Return image and mode of `--cache-to`; the image is empty without the option."""
    if not written:
        return "", "min"
    if len(written) > 1:
        raise LineError("--cache-to: a build writes one cache", "remove the others")
    found = _registry("--cache-to", written[0], ("type", "ref", "mode"))
    mode = found.get("mode", "min")
    if mode not in ("min", "max"):
        raise LineError(f"--cache-to: {quoted(mode)} is no mode", "write mode=min or mode=max")
    return found["ref"], mode


def _registry(name: str, written: str, keys: Sequence[str]) -> dict[str, str]:
    found = dict(pair.partition("=")[::2] for pair in written.split(","))
    if found.get("type") != "registry" or not found.get("ref"):
        raise LineError(f"{name}: only a registry keeps a cache here", _HINT)
    for key in found:
        if key not in keys:
            raise LineError(f"{name}: {quoted(key)} is not supported", _HINT)
    return {**found, "ref": tagged(checked_image(found["ref"]))}
