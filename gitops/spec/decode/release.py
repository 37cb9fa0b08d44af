"""How and when a new version takes an old one's place: deploy, hooks, windows, and how many run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitops.model.webapp import Autoscale, Deploy, Hook, Hooks, Mount, Runtime, Slot, Window
from gitops.spec.decode.container import decode_command
from gitops.spec.findings import Path
from gitops.spec.scope import Scope, Spec

PLAIN = Deploy("", 30.0, 10.0)
"""How containers are replaced when the spec does not say."""


def decode_deploy(found: Spec, scope: Scope) -> Deploy:
    """Return how containers are replaced."""
    place = ("spec", "deploy")
    return Deploy(
        found.get("order", ""),
        scope.duration(found, (*place, "drain"), "30s"),
        scope.duration(found, (*place, "stop"), "10s"),
        int(found.get("parallelism", 1)),
        int(found.get("maxUnavailable", 0)),
        int(found.get("keep", 5)),
        found.get("onFailure", "rollback"),
    )


def decode_hooks(found: Spec, scope: Scope) -> Hooks:
    """Return what runs before a new image gets requests, and after."""
    return Hooks(
        _hooks(found.get("preDeploy", ()), "preDeploy", scope),
        _hooks(found.get("postDeploy", ()), "postDeploy", scope),
    )


def _hooks(found: Sequence[Spec], when: str, scope: Scope) -> tuple[Hook, ...]:
    path = ("spec", "hooks", when)
    return tuple(
        [
            Hook(
                decode_command(hook["command"]),
                scope.duration(hook, (*path, number, "timeout"), "10m"),
            )
            for number, hook in enumerate(found)
        ]
    )


def decode_autoscale(found: Spec, scope: Scope) -> Autoscale:
    """Return between which numbers of replicas an app is kept."""
    scale = Autoscale(int(found.get("min", 1)), int(found["max"]), float(found["cpu"]))
    if scale.min > scale.max:
        message = f"min ({scale.min}) is more than max ({scale.max})"
        scope.complain(("spec", "autoscale"), message, f"write max: {scale.min}, or a smaller min")
    return scale


def decode_windows(found: Sequence[Spec], scope: Scope) -> tuple[Window, ...]:
    """Return when changes may be made and when not; schedules and time zones exist."""
    if not found:
        return ()
    from gitops.spec.schedule import check_schedule  # noqa: PLC0415 - rare: 20 ms to import

    windows = []
    for number, window in enumerate(found):
        path: Path = ("spec", "windows", number)
        key = "allow" if "allow" in window else "deny"
        zone = window.get("timeZone", "UTC")
        check_schedule((*path, key), window[key], zone, scope)
        lasting = scope.duration(window, (*path, "duration"), "")
        windows.append(Window(key == "allow", " ".join(window[key].split()), lasting, zone))
    return tuple(windows)


class Numbers:
    """How many containers of an app there may be at once; checks that its storage bears it."""

    def __init__(self, replicas: int, autoscale: Autoscale | None, slots: Sequence[Slot]) -> None:
        own = autoscale.max if autoscale else replicas
        self._numbers = {"": own, **{slot.name: slot.replicas for slot in slots}}

    def check(self, runtime: Runtime, scope: Scope) -> None:
        """Complain of storage that several would write at the same time without being shared."""
        for path, mount in _mounts(runtime):
            writers = self._writers(mount)
            if sum(writers.values()) > 1 and not (mount.read_only or mount.shared):
                hint = "write shared: true if its files bear that, readOnly: true, or run one only"
                scope.complain(path, f"{_said(writers)} would write it at the same time", hint)

    def _writers(self, mount: Mount) -> Mapping[str, int]:
        """Return how many write a mount, by slot: a slot has named volumes of its own, while a
        folder of the machine is the same one for all.
        """
        running = {slot: number for slot, number in self._numbers.items() if number}
        if mount.path:
            return running
        most = max(running, key=lambda slot: running[slot], default="")
        return {most: running.get(most, 0)}


def _said(writers: Mapping[str, int]) -> str:
    said = []
    for slot, number in writers.items():
        replicas = f"{number} replica" + ("" if number == 1 else "s")
        said.append(f"slot {slot} ({number})" if slot else replicas)
    return " and ".join(said)


def _mounts(runtime: Runtime) -> Iterator[tuple[Path, Mount]]:
    for number, mount in enumerate(runtime.volumes):
        yield ("spec", "volumes", number), mount
    for place, sidecar in enumerate(runtime.sidecars):
        for number, mount in enumerate(sidecar.volumes):
            yield ("spec", "sidecars", place, "volumes", number), mount
