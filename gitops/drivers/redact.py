"""Takes secret values out of text before anybody sees it."""

from __future__ import annotations

import html
import json
import re
import shlex
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from gitops.model.secret import Secret

SHORTEST = 4
"""Characters. A shorter value is left alone: it stands in every other word by chance, so that the
stars would ruin the text and, by where they are, give the value away."""

_CORE = 8
"""Characters of an encoded value that are enough to know it by."""


_WRAPPED = (57, 48)
"""Bytes in a line of base64, of 76 characters (RFC 2045, and `base64`) or 64 (PEM, RFC 7468)."""
_IN_GO = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What Go's encoder writes in JSON, so that it may stand in a web page."""


class Redactor:
    """Replaces the values it knows by `***`: as they are, and as programs write them in URLs, JSON,
    HTML, shell words and base64.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret.reveal())}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Return `text` without the values."""
        return self._pattern.sub("***", text) if self._pattern else text


def _forms(value: str) -> Iterator[str]:
    """Give every spelling of `value`; of one with several lines, of each line too.

    Text is redacted line by line, so a private key is never seen whole.
    """
    for part in {value, value.strip(), *value.splitlines()}:
        if len(part.strip()) >= SHORTEST:
            yield part
            yield from _in_urls(part)
            yield from _in_json(part)
            yield from (html.escape(part), html.escape(part, quote=False))
            yield shlex.quote(part).removeprefix("'").removesuffix("'")
            yield from _encoded(part.encode(errors="surrogateescape"))


def _in_urls(value: str) -> Iterator[str]:
    for form in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield form
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form)


def _in_json(value: str) -> Iterator[str]:
    for form in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield form
        yield form.translate(_IN_GO)


def _encoded(value: bytes) -> Iterator[str]:
    """Give what base64 makes of `value`, wherever it begins in what is encoded (RFC 4648, 4 and 5).

    An HTTP authorization header encodes `user:password`, so the password begins at any of three
    offsets, and the characters at its edges depend on its neighbours: they are left out.
    """
    for encode in (b64encode, urlsafe_b64encode):
        for offset in range(3):
            text = encode(b"\0" * offset + value).decode().rstrip("=")
            whole = (offset + len(value)) // 3 * 4
            core = text[(offset * 8 + 5) // 6 : whole]
            if offset == 0 and len(text) >= _CORE:
                yield text
            if len(core) >= _CORE:
                yield core
    for width in _WRAPPED:
        for start in range(0, len(value), width) if len(value) > width else ():
            line = b64encode(value[start : start + width]).decode().rstrip("=")
            if len(line) >= _CORE:
                yield line
