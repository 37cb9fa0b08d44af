"""Sprig's functions of paths and URLs: .../sprig/paths.html, .../sprig/url.html."""

from __future__ import annotations

import posixpath
import re

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.printing import show
from gitops.spec.gotemplate.signature import Function
from gitops.spec.nearest import nearest

URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:(?P<userinfo>[^/?#@]*)@)?(?P<host>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
"""RFC 3986, appendix B."""
PARTS = ("scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo")


def clean(path: str) -> str:
    """Return the shortest name of a path; `.` for an empty one."""
    return posixpath.normpath(re.sub("^//+", "/", path)) if path else "."


def base(path: str) -> str:
    """Return the last name of a path; `.` when there is none, `/` for the root."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def extension(path: str) -> str:
    """Return the last name's end, from its last dot on."""
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def parse(url: str) -> dict[str, object]:
    """Return the parts of a URL."""
    match = URL.fullmatch(url)
    if match is None or re.search(r"[\x00-\x20\x7f]", url):
        raise Complaint("the text is not a URL")
    parts: dict[str, object] = {key: value or "" for key, value in match.groupdict().items()}
    host = str(parts["host"])
    parts["hostname"] = re.sub(r":[0-9]*$", "", host).strip("[]")
    rootless = parts["scheme"] and not host and not str(parts["path"]).startswith("/")
    parts["opaque"] = parts["path"] if rootless else ""
    parts["path"] = "" if rootless else parts["path"]
    return parts


def join(parts: dict[str, object]) -> str:
    """Return the URL that parts make; complain about a part that there is not."""
    for key in parts:
        if key not in PARTS:
            raise Complaint(f"a URL has no {key!r}", nearest(key, PARTS))
    at = {key: show(parts.get(key, "")) for key in PARTS}
    scheme = f"{at['scheme']}:" if at["scheme"] else ""
    user = f"{at['userinfo']}@" if at["userinfo"] else ""
    host = f"//{user}{at['host']}" if at["host"] or user else ""
    path = at["opaque"] or at["path"]
    slash = "/" if host and path and not path.startswith("/") else ""
    query = f"?{at['query']}" if at["query"] else ""
    fragment = f"#{at['fragment']}" if at["fragment"] else ""
    return f"{scheme}{host}{slash}{path}{query}{fragment}"


FUNCTIONS = {
    "base": Function(base, "s"),
    "dir": Function(lambda path: clean(path[: path.rfind("/") + 1]), "s"),
    "ext": Function(extension, "s"),
    "clean": Function(clean, "s"),
    "isAbs": Function(lambda path: path.startswith("/"), "s"),
    "urlParse": Function(parse, "s"),
    "urlJoin": Function(join, "d"),
}
FUNCTIONS |= {
    f"os{name[:1].upper()}{name[1:]}": FUNCTIONS[name]
    for name in ("base", "dir", "ext", "clean", "isAbs")
}
