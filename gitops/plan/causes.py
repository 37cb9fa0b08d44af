"""Why an app's steps are taken, in words: what is there against what is wanted."""

from __future__ import annotations

from gitops.model.observed import LABEL_IMAGE
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp

LOST = ("paused", "dead", "removing")
"""States of a container that no start brings back: it is replaced."""


def why_new(app: WantedApp, live: Container | None) -> str:
    """Return why an app needs a new container."""
    if live is None:
        return "the app has no container"
    if live.state in LOST:
        return f"{live.name} is {live.state}"
    have, want = live.labels.get(LABEL_IMAGE, ""), app.image.pinned
    if have != want:
        return f"running {brief(have)}, wanted {brief(want)}"
    return f"configuration {live.config[:8]} runs, {app.container.config[:8]} is wanted"


def brief(image: str) -> str:
    """Return an image's name with a digest or a fingerprint that a person can compare."""
    name, at, digest = image.partition("@sha256:")
    if at:
        return f"{name}@{digest[:8]}"
    stem, colon, tag = image.rpartition(":")
    return f"{stem}:{tag[:15]}" if colon and tag.startswith("gitops-") else image or "nothing"


def why_switch(have: Route | None, want: Route) -> str:
    """Return why a route has to change."""
    hosts = ", ".join(want.hosts)
    if have is None:
        return f"{hosts} leads nowhere yet"
    if have.hosts != want.hosts:
        return f"{', '.join(have.hosts)} leads to {have.container}"
    if have.container == want.container:
        return "it was started again" if have.epoch != want.epoch else "its settings differ"
    return f"{hosts} leads to {have.container}"


def describe_app(app: WantedApp, keep: Container | None) -> str:
    """Return what an app that is in sync runs."""
    name = keep.name if keep else "nothing"
    revision = f" at commit {app.revision[:8]}" if app.revision else ""
    return f"{name} runs {brief(app.image.pinned)}{revision}"
