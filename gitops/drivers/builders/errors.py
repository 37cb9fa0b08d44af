"""Tells from a builder's words whose fault a failed build is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitops.drivers.base import DriverError, ErrorKind

TAIL = 30
"""Lines of a failed step's output that are shown."""

_STEP = re.compile(
    r"did not complete successfully|executor failed running|returned a non-zero code"
)
_FULL = "no space left on device"
_PARSE = re.compile(
    r"dockerfile parse error|unknown instruction|failed to parse|failed to create llb definition"
    r"|target stage .* could not be found|failed to reach build target"
    r"|no build stage in current context"
    r"|the dockerfile \(.*\) cannot be empty|file with no instructions"
    r"|cannot locate specified dockerfile"
    r"|invalid reference format|invalid argument|circular dependency|duplicate name",
    re.IGNORECASE,
)  # fmt: skip
_OUTSIDE = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|i/o timeout|tls handshake"
    r"|unexpected eof|server misbehaving|toomanyrequests|too many requests"
    r"|context deadline exceeded"
    r"|cannot connect to the docker daemon|error during connect|service unavailable|bad gateway"
    r"|pull access denied|unauthorized|failed to resolve source metadata|manifest unknown"
    r"|failed to do request|failed to authorize|authorization failed|certificate signed by"
    r"|internal server error|status code [^:]*: 5\d\d|: 5\d\d [a-z ]*$"
    r"|(?<!not )\b[\w./:@-]+: not found\s*$"
    r"|request canceled|daemon is shutting down|no such image|repository does not exist",
    re.IGNORECASE,
)  # fmt: skip


def build_error(image: str, lines: Sequence[str], message: str = "") -> DriverError:
    """Return the error of a build that ended badly, from its log and its last words.

    A step that failed is the Dockerfile's fault whatever the step printed, except for a full disk;
    an image that cannot be pulled is not, because it may be there tomorrow.
    """
    last = message or _last_error(lines)
    what = f"the build of {image} failed"
    # Programs differ in its case: `dd: error writing '/x': No space left on device`.
    full = any(_FULL in line.lower() for line in lines[-TAIL:])
    if _FULL in last.lower() or (_STEP.search(last) and full):
        return DriverError(ErrorKind.DISK_FULL, what, f"{_FULL}: {last}")
    if _STEP.search(last):
        return DriverError(ErrorKind.FAILED, what, _detail(lines, last))
    if _PARSE.search(last) and not _OUTSIDE.search(last):
        return DriverError(ErrorKind.INVALID, what, _detail(lines, last))
    if _OUTSIDE.search(last):
        return DriverError(ErrorKind.UNREACHABLE, what, last)
    return DriverError(ErrorKind.FAILED, what, _detail(lines, last))


_ADVICE = re.compile(r"(ERROR: )?See '|Usage: |(USAGE|Usage):")
"""What a docker CLI says of itself below an error."""


def _last_error(lines: Sequence[str]) -> str:
    """Return the line that says why: the last one with `error` or `failed`, else the last one."""
    spoken = [line for line in lines if line.strip() and not _ADVICE.match(line)]
    said = (line for line in reversed(spoken) if re.search(r"error|failed", line, re.IGNORECASE))
    return next(said, spoken[-1] if spoken else "the builder said nothing")


def _detail(lines: Sequence[str], last: str) -> str:
    """Return the failing step with the end of its output, and the builder's verdict."""
    step = _buildkit_step(lines) or _classic_step(lines)
    return "\n".join([*step[:1], *step[1:][-TAIL:], *([] if last in step else [last])])


def _buildkit_step(lines: Sequence[str]) -> list[str]:
    """Return what stands between the dashes: ` > [2/3] RUN make:` and its last lines."""
    marks = [number for number, line in enumerate(lines) if line == "------"]
    if len(marks) < 2:  # noqa: PLR2004 - a line of dashes on each side
        return []
    block = [line for line in lines[marks[-2] + 1 : marks[-1]] if line.strip()]
    return block if len(block) > 1 else [*block, *_said(lines)]


def _said(lines: Sequence[str]) -> list[str]:
    """Return what the failed step printed (`#5 0.31 text`): old versions leave the block empty."""
    failed = [match[1] for line in lines if (match := re.match(r"(#\d+) ERROR", line))]
    if not failed:
        return []
    spoken = re.compile(rf"{failed[-1]} \d+\.\d+ ")
    return [spoken.sub("", line) for line in lines if spoken.match(line)]


def _classic_step(lines: Sequence[str]) -> list[str]:
    """Return the last `Step 2/3 : RUN make` and what follows."""
    steps = [number for number, line in enumerate(lines) if re.match(r"Step \d+/\d+ : ", line)]
    return [line for line in lines[steps[-1] :] if line.strip()] if steps else []
