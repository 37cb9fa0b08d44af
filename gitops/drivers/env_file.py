"""Files of environment variables: `NAME=value` lines, taken as they are.

The grammar is that of `docker run --env-file`
(https://docs.docker.com/reference/cli/docker/container/run/#env), so there is no interpolation, no
escape and no comment behind a value: a password with a dollar or a hash in it stays whole. Beyond
it, one pair of quotes around a value is taken off (it keeps spaces at the ends), and a leading
`export` is allowed, because files that a shell or Compose reads have them.
"""

from __future__ import annotations

import re

from gitops.drivers.base import DriverError, ErrorKind

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_QUOTES = "\"'"


def parse_env_file(text: str, source: str) -> dict[str, str]:
    """Return the variables; of a name that comes twice the last value holds.

    Empty lines and lines that begin with `#` are skipped. Raises INVALID, saying in which line of
    `source`; the line itself is not quoted, because it may be a secret.
    """
    found = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.removeprefix("export ").partition("=")
        if not equals or not _NAME.fullmatch(name.strip()):
            raise DriverError(
                ErrorKind.INVALID,
                f"line {number} of {source} sets no environment variable",
                "write NAME=value, one on a line; lines that begin with # are skipped",
            )
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]
    return value[1:-1] if quoted else value
