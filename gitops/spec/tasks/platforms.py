"""Names of platforms as docker takes them: `linux/arm64`, `arm64`, `linux`."""

from __future__ import annotations

import re

from gitops.spec.tasks.words import LineError, quoted

_ARCHITECTURES = frozenset(
    ("386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x")
)
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")


def platform(written: str) -> str:
    """Return a platform in full; empty for `linux` alone, which is the engine's own.

    https://github.com/containerd/platforms says what the short forms mean. Raises `LineError`.
    """
    name = written.strip().lower()
    if name in ("", "linux"):
        return ""
    if name.partition("/")[0] in _ARCHITECTURES:
        name = f"linux/{name}"
    if _PLATFORM.fullmatch(name):
        return name
    raise LineError(f"--platform: {quoted(written)} is no platform", "write linux/amd64")
