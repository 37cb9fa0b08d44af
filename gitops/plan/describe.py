"""Actions in words, for people."""

from __future__ import annotations

from gitops.model import actions as act


def verb(action: act.Action) -> str:
    """Return the action's name as a word: `create-container`."""
    name = type(action).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def describe(action: act.Action) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each action
    """Return what the action does, in half a sentence."""
    match action:
        case act.CreateNetwork(_, name) | act.RemoveNetwork(_, name):
            return f"{_verb(action)} network {name}"
        case act.CreateVolume(_, name) | act.RemoveVolume(_, name):
            return f"{_verb(action)} volume {name}"
        case act.Build(_, image):
            return f"build {image.ref}"
        case act.Push(_, image):
            return f"push {image}"
        case act.Tag(image, tag):
            return f"tag {image.repository}:{tag}"
        case act.Pull(_, image):
            return f"pull {image.pinned}"
        case act.CreateContainer(_, container, _):
            return f"create container {container.name}"
        case act.StartContainer(_, container):
            return f"start {container}"
        case act.WaitService(_, container, _, timeout):
            return f"wait until {container} answers, {timeout:g} s at most"
        case act.WaitHealthy(_, container, _, _, health):
            return f"wait until {container} is healthy, {health.deadline:g} s at most"
        case act.SwitchRoute(_, route):
            return f"route {', '.join(route.hosts)} to {route.container}"
        case act.RemoveRoute(_, app):
            return f"remove the route of {app}"
        case act.RestoreGateway(_, container, routes):
            plural = "" if len(routes) == 1 else "s"
            return f"write {container}'s configuration with {len(routes)} route{plural}"
        case act.Drain(_, app, timeout):
            return f"drain {app}, {timeout:g} s at most"
        case act.StopContainer(_, container, timeout):
            return f"stop {container}, with {timeout:g} s of grace"
        case act.RemoveContainer(_, container):
            return f"remove container {container}"


def _verb(action: act.Action) -> str:
    return verb(action).partition("-")[0]
