"""What to do about each reason for which a resource is not ready; docs/conditions.md has all."""

from __future__ import annotations

from gitops.model.address import Address

_RETRY = (
    "a new commit or a changed spec is tried without more ado; nothing has to be reset",
    "if the cause was elsewhere and is gone: gitops reconcile --retry {address}",
)
_SEE_TASK = ("gitops status shows the build task that makes its image; gitops why tells of it",)
_LOG = "gitops logs {address} has more of its log"
_ADVICE = {
    "DeployFailed": _RETRY,
    "BuildCanceled": ("to have it made after all: gitops reconcile --retry {address}",),
    "BuildFailed": (*_RETRY, "gitops logs {address} has the whole log of the build"),
    "Unstable": (_LOG, "after a fix: gitops reconcile"),
    "OutOfSync": ("gitops reconcile",),
    "NoContainer": ("gitops reconcile",),
    "NotRouted": ("gitops reconcile",),
    "NotRunning": (_LOG, "gitops reconcile starts it again"),
    "OutsideWindow": ("wait for the window, or change spec.windows",),
    "Suspended": ("take suspend out of the spec when its time has come",),
    "EngineUnreachable": ("gitops doctor; start the engine, or correct DOCKER_HOST",),
    "GatewayUnreachable": ("gitops doctor says who has the gateway's port",),
    "RegistryUnreachable": ("gitops doctor; check the network and the credentials",),
    "SourceUnreachable": ("check the address of the source, and the credentials",),
    "DependencyNotReady": ("gitops why of what it depends on",),
    "ImageMissing": ("push the image, correct its tag, or add a build task",),
    "ImageUnknown": _SEE_TASK,
    "BuildSuspended": _SEE_TASK,
    "SecretMissing": ("export the variable, or make the file readable, where gitops runs",),
}


def advice(reason: str, address: Address) -> tuple[str, ...]:
    """Return what to do, the likeliest first; nothing when the message itself says all."""
    return tuple(line.format(address=address) for line in _ADVICE.get(reason, ()))
