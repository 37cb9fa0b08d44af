"""Package databases in a file system: which files tell of packages, and what they tell.

dpkg: deb822 paragraphs, https://manpages.debian.org/deb822 ; apk:
https://wiki.alpinelinux.org/wiki/Apk_spec ; Python: https://packaging.python.org/specifications/
core-metadata ; npm: https://docs.npmjs.com/files/package.json . RPM databases are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import HeaderParser
from typing import NamedTuple

OS = "os"
"""The kind of the entry that names the distribution."""


class Package(NamedTuple):
    """A package: `kind` is its purl type (`deb`, `apk`, `pypi`, `npm`) or `os`."""

    kind: str
    name: str
    version: str
    arch: str = ""


Reader = Callable[[str], Iterator[Package]]

_OS_RELEASE = re.compile(r"(\w+)=(['\"]?)(.*?)\2\s*")


def _paragraphs(text: str) -> Iterator[Message]:
    parser = HeaderParser()
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        if paragraph.strip():
            yield parser.parsestr(paragraph.lstrip("\n"))


def _field(message: Message, name: str) -> str:
    return str(message.get(name, "")).strip()


def _dpkg(text: str) -> Iterator[Package]:
    for message in _paragraphs(text):
        status = _field(message, "Status") or "installed"  # status.d has no such field
        if status.split()[-1] == "installed":
            names = ("Package", "Version", "Architecture")
            yield Package("deb", *(_field(message, name) for name in names))


def _apk(text: str) -> Iterator[Package]:
    for message in _paragraphs(text):
        yield Package("apk", *(_field(message, name) for name in ("P", "V", "A")))


def _python(text: str) -> Iterator[Package]:
    message = HeaderParser().parsestr(text)
    name = re.sub(r"[-_.]+", "-", _field(message, "Name")).lower()
    yield Package("pypi", name, _field(message, "Version"))


def _npm(text: str) -> Iterator[Package]:
    try:
        found = json.loads(text)
        yield Package("npm", str(found["name"]), str(found["version"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return  # many folders below node_modules hold a package.json that names no package


def _os_release(text: str) -> Iterator[Package]:
    found = {name: value for name, _, value in map(_assignment, text.splitlines())}
    if found.get("ID"):
        yield Package(OS, found["ID"], found.get("VERSION_ID", ""))


def _assignment(line: str) -> tuple[str, str, str]:
    found = _OS_RELEASE.fullmatch(line.strip())
    return (found[1], "", found[3]) if found else ("", "", "")


_READERS = (
    (re.compile(r"var/lib/dpkg/status(\.d/.*(?<!\.md5sums))?"), _dpkg),
    (re.compile(r"(usr/)?lib/apk/db/installed"), _apk),
    (re.compile(r"(etc|usr/lib)/os-release"), _os_release),
    (re.compile(r"(.*/)?node_modules/(@[^/]+/)?[^/]+/package\.json"), _npm),
    (re.compile(r"(.*/)?([^/]+\.dist-info/METADATA|[^/]+\.egg-info/PKG-INFO)"), _python),
)


def reader_of(path: str) -> Reader | None:
    """Return what reads the file at `path` (without a leading slash), None for other files."""
    return next((reader for pattern, reader in _READERS if pattern.fullmatch(path)), None)
