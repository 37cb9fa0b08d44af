"""Runs a hook to its end, in a container of its own that is gone afterwards."""

from __future__ import annotations

import time

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.creating import exact_container
from gitops.engine.ports import Site
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import RunHook
from gitops.model.outcomes import Done, Found, Outcome, Retry, Stalled

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
        return Stalled(f"hook `{command}` did not end in {action.timeout:g} s", _tail(said))
    if code:
        return Stalled(f"hook `{command}` ended with exit code {code}", _tail(said))
    return Done(f"ended well after {time.monotonic() - started:.1f} s")


def _tail(said: list[str]) -> str:
    lines = said[-_LINES:]
    return "\n".join(
        ["last lines:", *(f"  {line}" for line in lines)] if lines else ["it said nothing"]
    )
