"""What a registry's answers mean, in words and as errors.

Error answers: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes
"""

from __future__ import annotations

import hashlib
import json

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.http import Response


def sha256_of(data: bytes) -> str:
    """Return the digest of `data` as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def refusal(host: str, path: str, response: Response) -> str:
    """Say in words why `response` is no success."""
    if response.status in (401, 403):
        return (
            f"registry {host} refuses access to {path} (HTTP {response.status}):"
            " set or check `credentials` of its Registry"
        )
    return f"registry {host} answered {response.status} for {path}{_errors(response.body)}"


def _errors(body: bytes) -> str:
    """Return the messages of an error answer, which the specification lists in `errors`."""
    try:
        errors = json.loads(body)["errors"]
        return ": " + "; ".join(f"{error['code']} {error.get('message', '')}" for error in errors)
    except (ValueError, KeyError, TypeError):
        return ""


def check(response: Response, what: str, host: str, path: str) -> None:
    """Raise `DriverError`, with what the registry says, unless `response` is a success."""
    if response.status < 300:  # noqa: PLR2004 - success in HTTP
        return
    kinds = {401: ErrorKind.DENIED, 403: ErrorKind.DENIED, 404: ErrorKind.MISSING}
    kinds[429] = ErrorKind.UNREACHABLE
    kind = kinds.get(response.status, ErrorKind.FAILED)
    raise DriverError(kind, what, refusal(host, path, response))
