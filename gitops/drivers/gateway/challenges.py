"""What a certificate authority asks for, and the map file that HAProxy answers it from.

RFC 8555, 8.3: https://www.rfc-editor.org/rfc/rfc8555#section-8.3
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.gateway.names import CHALLENGE_PATH, NAMES

_TEXT = re.compile(r"[A-Za-z0-9_.-]+")
"""Tokens are base64url, and answers two of them with a dot between."""


def mark(answers: Mapping[str, str]) -> str:
    """Return a word that tells one set of answers from another; `none` is the empty one."""
    if not answers:
        return "none"
    return hashlib.sha256(repr(sorted(answers.items())).encode()).hexdigest()[:12]


def challenge_map(answers: Mapping[str, str]) -> bytes:
    """Return the map file: a path and its answer in each line, and the mark of them all.

    Raises INVALID for a token or answer that would be more than a word of it.
    """
    for text in (*answers, *answers.values()):
        if not _TEXT.fullmatch(text):
            raise DriverError(
                ErrorKind.INVALID,
                "an answer to a certificate authority cannot be given",
                f"{text!r} is not of letters, digits, '.', '_' and '-'",
            )
    lines = [f"{CHALLENGE_PATH}{token} {answer}\n" for token, answer in sorted(answers.items())]
    return "".join([f"{NAMES.challenges_path} {mark(answers)}\n", *lines]).encode()
