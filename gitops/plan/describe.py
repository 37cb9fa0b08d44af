"""Actions in words, for people."""

from __future__ import annotations

from gitops.model import actions as act
from gitops.model.routes import Route
from gitops.model.wanted import WantedImage


def verb(action: act.Action) -> str:
    """Return the action's name as a word: `create-container`."""
    return kebab(type(action).__name__)


def kebab(name: str) -> str:
    """Return the name of an action's class as a word."""
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
        case act.RunTask(_, image):
            return f"run the steps of {image.owner}{_named(image)}"
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
        case act.WaitHealthy(_, server, _, health):
            return f"wait until {server.container} is healthy, {health.deadline:g} s at most"
        case act.SwitchRoutes(_, routes):
            led = (f"{', '.join(route.hosts)} to {_servers(route)}" for route in routes)
            return f"route {', '.join(led)}"
        case act.ObtainCertificate(_, _, hosts, _, _, _):
            return f"get a certificate for {', '.join(hosts)}"
        case act.RunHook(_, container, timeout):
            command = " ".join([*container.entrypoint, *container.command])
            return f"run `{command}`, {timeout:g} s at most"
        case act.KeepRevision(_, _, revision, _, _):
            return f"remember revision {revision.number}"
        case act.WriteNote(_, note):
            return f"remember the {note.topic} of {note.name}"
        case act.EraseNote(_, topic, name):
            return f"forget the {topic} of {name}"
        case act.RemoveRoute(_, app):
            return f"remove the route of {app}"
        case act.RestoreGateway(_, container, routes):
            return f"write {container}'s configuration with {_counted(len(routes), 'route')}"
        case act.Drain(_, app, timeout):
            return f"drain {app}, {timeout:g} s at most"
        case act.StopContainer(_, container, timeout):
            return f"stop {container}, with {timeout:g} s of grace"
        case act.RemoveContainer(_, container):
            return f"remove container {container}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _named(image: WantedImage) -> str:
    return f", and name their image {image.ref}" if image.pushes else ""


def _verb(action: act.Action) -> str:
    return verb(action).partition("-")[0]


def _servers(route: Route) -> str:
    names = [server.container for server in route.servers]
    return " and ".join(names) if names else "nothing"
