"""Why an app's steps are taken, in words: what is there against what is wanted."""

from __future__ import annotations

from gitops.model.observed import LABEL_IMAGE
from gitops.model.observed import ObservedContainer as Container
from gitops.model.routes import Route
from gitops.model.wanted import WantedApp
from gitops.plan.deploys.holds import held_since
from gitops.plan.deploys.place import LOST, Place, lacking


def why_new(app: WantedApp, place: Place) -> str:
    """Return why an app needs a new container."""
    live = place.live
    if live is None:
        return "the app has no container"
    have, want = live.labels.get(LABEL_IMAGE, ""), app.image.pinned
    if have != want:
        return f"running {brief(have)}, wanted {brief(want)}"
    if live.config != app.container.config:
        return f"configuration {live.config[:8]} runs, {app.container.config[:8]} is wanted"
    broken = (_broken(app, place, one) for one in place.mine)
    if why := next(filter(None, broken), ""):
        return why
    right = [one for one in place.mine if one.config == app.container.config]
    scaled = f"; {app.scaled}" if app.scaled else ""
    return f"{len(right)} of {app.replicas} replicas are there{scaled}"


def _broken(app: WantedApp, place: Place, one: Container) -> str:
    """Return why a replica cannot be kept, or an empty string."""
    if one.name in place.sick:
        return f"{one.name}: {place.sick[one.name]}"
    if one.state in LOST:
        return f"{one.name} is {one.state}"
    missing = lacking(app, place, one)
    return f"{one.name} has lost its sidecar {missing}" if missing else ""


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
        return f"{', '.join(have.hosts)} leads to {led(have)}"
    if {one.container for one in have.servers} != {one.container for one in want.servers}:
        return f"{hosts} leads to {led(have)}"
    return "its settings differ"


def led(route: Route) -> str:
    """Return where a route leads to, in words."""
    names = [server.container for server in route.servers]
    return ", ".join(names) if names else "nothing"


def describe_app(app: WantedApp, place: Place) -> str:
    """Return what an app that is in sync runs."""
    running = [one.name for one in place.mine if one.running]
    revision = f" at commit {app.revision[:8]}" if app.revision else ""
    verb = "runs" if len(running) == 1 else "run"
    held = f"; {held_since(app.held)}" if app.held is not None else ""
    if not app.replicas:
        return f"it does not run{held}"
    return f"{', '.join(running)} {verb} {brief(app.image.pinned)}{revision}{held}"
