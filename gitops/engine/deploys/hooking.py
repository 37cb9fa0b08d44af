"""Runs a hook to its end, in a container of its own that is gone afterwards."""

from __future__ import annotations

import time

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.deploys import clues
from gitops.engine.deploys.creating import exact_container
from gitops.engine.ports import Site
from gitops.engine.reports.failures import hook_text
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import RunHook
from gitops.model.outcomes import Done, Found, Outcome, Retry, Stalled
from gitops.model.probing import Diagnosis

_LINES = 20


def run_hook(scene: Scene, site: Site, action: RunHook, desk: Desk) -> Outcome:
    """Run the command; another exit code than 0, or no end in time, fails the deployment."""
    exact = exact_container(scene, action.container)
    if not isinstance(exact, Found):
        return Retry("the hook's image is not in the registry any more", str(exact))
    said: list[str] = []

    def output(line: str) -> None:
        said.append(line)
        desk.output(line)

    command = " ".join([*action.container.entrypoint, *action.container.command])
    started = time.monotonic()
    try:
        code = site.engine().run_once(
            exact.value, scene.inputs.secrets, (output, desk.cancel), action.timeout
        )
    except DriverError as error:
        if error.kind is not ErrorKind.TIMEOUT:
            raise
        return Stalled(
            f"hook `{command}` did not end in {action.timeout:g} s", _late(command, said)
        )
    if code:
        why = f"hook `{command}` ended with exit code {code}"
        return Stalled(why, _failed(command, code, said))
    return Done(f"ended well after {time.monotonic() - started:.1f} s")


def _late(command: str, said: list[str]) -> str:
    cause = f"the hook `{command}` did not end in time, so nothing was deployed"
    todo = "see what it waits for, or raise the timeout of the hook"
    return hook_text(Diagnosis(cause, todo), None, said[-_LINES:])


def _failed(command: str, code: int, said: list[str]) -> str:
    last = clues.last_line(said)
    quote = f"; it says: {last}" if last else ""
    cause = f"the hook `{command}` failed with exit code {code}, so nothing was deployed{quote}"
    todo = "correct the command in spec.hooks, or what it complains about"
    return hook_text(Diagnosis(cause, todo), code, said[-_LINES:])
