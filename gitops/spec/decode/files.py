"""Texts that a spec takes in: the files of a container, and the page of maintenance."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.model.webapp import File
from gitops.spec.decode.mounts import normal
from gitops.spec.findings import Path
from gitops.spec.limits import FILES_BYTES, PAGE_BYTES
from gitops.spec.scope import Scope, Spec

MARKS = ("{{", "{%", "{#")
"""What makes a text a template; one without them is what it renders to."""

DEFAULT_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Maintenance</title>
<body style="font: 1.1em/1.5 sans-serif; max-width: 32em; margin: 20vh auto; padding: 0 1em">
<h1>Down for maintenance</h1>
<p>This site is being worked on and will be back soon.</p>
</body>
</html>
"""

_KNOWN = "known are app, project and values (what --values and --set give); "
_KNOWN += "text that is not for gitops stands between {% raw %} and {% endraw %}"
_FOLDER = "mount a folder with volumes: [{path: ..., mount: ..., readOnly: true}], "
_FOLDER += "or make the files part of the image"


def decode_files(found: Sequence[Spec], app: str, scope: Scope) -> tuple[File, ...]:
    """Return the files of an app, rendered; together they hold at most `FILES_BYTES`."""
    files: list[File] = []
    room = FILES_BYTES
    for number, file in enumerate(found):
        path: Path = ("spec", "files", number)
        content = _content(file, path, app, scope)
        room -= len(content.encode())
        files.append(File(normal(file["path"]), content, int(file.get("mode", "0444"), 8)))
        if room < 0:
            message = f"the files up to this one hold more than {FILES_BYTES // 1024} KiB together"
            scope.complain(path, message, _FOLDER)
            break
    return tuple(files)


def _content(file: Spec, path: Path, app: str, scope: Scope) -> str:
    if "file" in file:
        key = "file"
        content = scope.contents((*path, key), file[key], FILES_BYTES)
    else:
        key = "content"
        content = file[key]
    if not any(mark in content for mark in MARKS):
        return content
    from gitops.spec.template import Fault, fill  # noqa: PLC0415 - Jinja2 takes 60 ms to import

    values = {"app": app, "project": scope.project, "values": scope.values}
    rendered = fill(content, values, FILES_BYTES)
    if isinstance(rendered, Fault):
        message = f"line {rendered.line} of the text: {rendered.message}"
        scope.complain((*path, key), message, _KNOWN, at_key=True)
        return ""
    return rendered


def decode_page(found: bool | Spec, scope: Scope) -> str:  # noqa: FBT001 - the YAML's own
    """Return the page of maintenance, empty when there is none."""
    if isinstance(found, bool):
        return DEFAULT_PAGE if found else ""
    path: Path = ("spec", "maintenance")
    if "file" in found:
        return scope.contents((*path, "file"), found["file"], PAGE_BYTES)
    page: str = found["page"]
    if len(page.encode()) > PAGE_BYTES:
        message = f"{len(page.encode())} bytes, where at most {PAGE_BYTES} are served"
        scope.complain((*path, "page"), message, "take pictures and styles from another host")
    return page
