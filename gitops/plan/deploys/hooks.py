"""Commands that a deployment runs: before a new image gets requests, and after it has them."""

from __future__ import annotations

from gitops.model.actions import RunHook
from gitops.model.observed import LABEL_PROJECT, LABEL_SIDECAR
from gitops.model.wanted import WantedApp, WantedContainer
from gitops.model.webapp import Hook
from gitops.plan.draft import Chain, Why


def before_deploy(chain: Chain, app: WantedApp) -> None:
    """Add the hooks of a new image; one that fails ends the deployment, with nothing touched."""
    for number, hook in enumerate(app.content.runtime.hooks.pre_deploy, 1):
        run = RunHook(app.target, _container(app, hook, f"pre-{number}"), hook.timeout)
        because = "it has to end well before the new image gets requests"
        chain.then(run, Why(because, wish=app.container.config))


def after_deploy(chain: Chain, app: WantedApp) -> None:
    """Add the hooks that come when the new image serves."""
    for number, hook in enumerate(app.content.runtime.hooks.post_deploy, 1):
        run = RunHook(app.target, _container(app, hook, f"post-{number}"), hook.timeout)
        chain.then(run, "the new image serves")


def _container(app: WantedApp, hook: Hook, name: str) -> WantedContainer:
    """Return a container with all that the app's own have, and another command.

    Its label as a sidecar keeps it from being taken for a replica, should it be left behind.
    """
    container = app.container
    project = container.labels[LABEL_PROJECT]
    return container._replace(
        name=f"{project}-{app.address.name}-hook-{name}-{container.config[:8]}",
        entrypoint=hook.command[:1],
        command=hook.command[1:],
        aliases=(),
        check=None,
        labels={**container.labels, LABEL_SIDECAR: f"hook-{name}"},
    )
