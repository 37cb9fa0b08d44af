"""Sprig's encodings and checksums (https://masterminds.github.io/sprig/encoding.html).

What cannot be decoded is a complaint here; Sprig puts the error's text into the output.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.signature import Function


def encoded(encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """Return a function that encodes a text."""
    return lambda text: encode(_raw(text)).decode()


def decoded(name: str, decode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """Return a function that decodes a text; it complains when it is not of this encoding."""

    def decode_text(text: str) -> str:
        try:
            return decode(_raw(text)).decode()
        except UnicodeDecodeError:
            raise Complaint(f"what the {name} holds is not a text in UTF-8") from None
        except ValueError:
            raise Complaint(f"the text is not {name}") from None

    return decode_text


def summed(algorithm: str) -> Callable[[str], str]:
    """Return a function that gives a checksum in hexadecimal digits."""
    return lambda text: hashlib.new(algorithm, _raw(text), usedforsecurity=False).hexdigest()


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _strict(text: bytes) -> bytes:
    return base64.b64decode(text.replace(b"\n", b"").replace(b"\r", b""), validate=True)


FUNCTIONS = {
    "b64enc": Function(encoded(base64.b64encode), "s"),
    "b64dec": Function(decoded("base64", _strict), "s"),
    "b32enc": Function(encoded(base64.b32encode), "s"),
    "b32dec": Function(decoded("base32", base64.b32decode), "s"),
    "sha1sum": Function(summed("sha1"), "s"),
    "sha256sum": Function(summed("sha256"), "s"),
    "sha512sum": Function(summed("sha512"), "s"),
    "adler32sum": Function(lambda text: str(zlib.adler32(_raw(text))), "s"),
}
