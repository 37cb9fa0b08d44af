"""The container of a `cmd` step, from what its task says. Pure.

Options of the line go before those of the step, as `docker run` options do in the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from gitops.drivers.base import DriverError, ErrorKind, RunMark, StepContainer, StepMount
from gitops.engine.tasks.names import (
    container_name,
    default_network,
    home_volume,
    own_name,
    shared_volume,
)
from gitops.engine.tasks.stage import Allowed, Limits
from gitops.engine.tasks.states import DEFAULT_NETWORK
from gitops.model.tasks import HOME, WORKSPACE, RunLine, Task, TaskNetwork, TaskStep

N = TypeVar("N", int, float)

SOCKET = "/var/run/docker.sock"
_LONGEST_HOSTNAME = 63
"""RFC 1035 2.3.4; the kernel takes one more."""


class Place(NamedTuple):
    """What steps' containers share: `networks` are names of the engine by those of the task."""

    mark: RunMark
    networks: Mapping[str, str]
    default: str
    volumes: frozenset[str]
    allowed: Allowed
    limits: Limits


def place_of(
    task: Task, mark: RunMark, allowed: Allowed, limits: Limits, *, network: bool
) -> Place:
    """Return the place of a task's steps; `network` says whether the run has one of its own."""
    networks = {
        one.name: one.name if one.skip_creation else own_name(mark.run, one.name)
        for one in declared_networks(task)
    }
    default = default_network(mark.run) if network else ""
    default = next((networks[one.name] for one in declared_networks(task) if one.default), default)
    volumes = frozenset(one.name for one in task.volumes)
    return Place(mark, {DEFAULT_NETWORK: default, **networks}, default, volumes, allowed, limits)


def declared_networks(task: Task) -> tuple[TaskNetwork, ...]:
    """Return the networks less the one that every task has, which is made only if it is needed."""
    return tuple(one for one in task.networks if one.name != DEFAULT_NETWORK)


def environment(step: TaskStep, line: RunLine) -> dict[str, str]:
    """Return the environment: of the line, then of the step and its task, then our own.

    `-e NAME` takes the value from the step's, as `docker run` does from the shell's; without one
    the variable is not set.
    """
    own = {name: value for name, value in line.env if value is not None}
    return {"HOME": HOME, **step.env, **own}


def container_of(step: TaskStep, line: RunLine, place: Place) -> StepContainer:
    """Return the container; raise `DriverError` INVALID or DENIED for what is not allowed."""
    network = network_of(step, line, place)
    _check(step, line, place, network)
    entrypoint = line.entrypoint if line.entrypoint is not None else step.entrypoint or None
    named = bool(network) and network not in ("bridge", "none", "host")
    shares = network.startswith("container:")
    return StepContainer(
        name=container_name(place.mark.run, step.id),
        image=line.image,
        mark=place.mark,
        command=line.args,
        entrypoint=None if entrypoint is None else (entrypoint,),
        env=environment(step, line),
        user=line.user or step.user,
        working_directory=line.working_directory or step.working_directory,
        hostname="" if shares else (line.hostname or step.id[:_LONGEST_HOSTNAME]),
        network=network,
        aliases=(step.id, *line.aliases) if named and not shares else (),
        mounts=mounts_of(step, line, place),
        tmpfs=line.tmpfs,
        ports=(*line.ports, *step.ports),
        expose=(*line.expose, *step.expose),
        hosts=line.hosts,
        dns=line.dns,
        labels=dict(line.labels),
        capabilities=line.capabilities,
        dropped=line.dropped,
        privileged=line.privileged or step.privileged,
        read_only=line.read_only,
        init=line.init,
        memory=_least(line.memory, place.limits.memory),
        shm_size=line.shm_size,
        cpus=_least(line.cpus or step.cpus, place.limits.cpus),
        pids=_least(line.host.pids, place.limits.pids),
        host=line.host,
    )


def network_of(step: TaskStep, line: RunLine, place: Place) -> str:
    """Return the network's name on the engine; empty is the engine's own bridge."""
    wanted = line.network or step.network
    return place.networks.get(wanted, wanted) if wanted else place.default


def mounts_of(step: TaskStep, line: RunLine, place: Place) -> tuple[StepMount, ...]:
    """Return what is mounted: where two want the same path, what the step says wins."""
    run = place.mark.run
    mounts = [StepMount(shared_volume(run), WORKSPACE), StepMount(home_volume(run), HOME)]
    if place.allowed.socket:
        mounts.append(StepMount(SOCKET, SOCKET, bind=True))
    mounts += [StepMount(own_name(run, one.name), one.path) for one in step.mounts]
    mounts += [_mount(step, volume, place) for volume in line.volumes]
    return tuple({mount.path.rstrip("/") or "/": mount for mount in mounts}.values())


def _mount(step: TaskStep, volume: str, place: Place) -> StepMount:
    source, _, rest = volume.partition(":")
    path, _, mode = rest.partition(":")
    if not path.startswith("/"):
        raise _refused(step, f"-v {volume} names no path in the container", "write NAME:/PATH")
    if source.startswith(("/", ".", "~")):
        if not place.allowed.socket:
            raise _refused(
                step,
                f"-v {volume} mounts a path of the engine's machine",
                "allow it with --docker-socket (in a BuildTask `dockerSocket: true`), "
                "or use a volume of the task",
            )
        return StepMount(source, path, _read_only(mode), bind=True)
    run = place.mark.run
    name = source if source == shared_volume(run) else own_name(run, source)
    return StepMount(name, path, _read_only(mode))


def _read_only(mode: str) -> bool:
    return "ro" in mode.split(",")


def _check(step: TaskStep, line: RunLine, place: Place, network: str) -> None:
    """Keep the work of strangers away from the engine's machine and from other networks."""
    if not place.allowed.isolated:
        return
    if line.privileged or step.privileged:
        raise _refused(step, "it wants to be privileged", "this run may not")
    if line.capabilities:
        wanted = ", ".join(line.capabilities)
        raise _refused(step, f"it wants the capabilities {wanted}", "this run may not")
    _check_host(step, line)
    if line.ports or step.ports:
        wanted = ", ".join((*line.ports, *step.ports))
        what = f"it wants the port {wanted} of the engine's machine"
        raise _refused(step, what, f"this run may not; its steps reach it as {step.id}")
    if network not in {"none", *place.networks.values()}:
        raise _refused(step, f"it wants the network {network!r}", "this run has one of its own")


def _check_host(step: TaskStep, line: RunLine) -> None:
    """Refuse what would lift a stranger's container over others, or out of its walls."""
    harmless = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
    strange = [one for one in line.host.security if one not in harmless]
    if strange:
        raise _refused(step, f"it wants --security-opt {strange[0]}", "this run may not")
    if line.host.oom_score < 0:
        what = f"it wants --oom-score-adj {line.host.oom_score}"
        raise _refused(step, what, "others would be killed for want of memory in its place")
    if line.host.sysctls:
        name, value = line.host.sysctls[0]
        raise _refused(step, f"it wants --sysctl {name}={value}", "this run may not")


def _refused(step: TaskStep, what: str, detail: str) -> DriverError:
    return DriverError(ErrorKind.DENIED, f"step {step.id}: {what}", detail)


def _least(wanted: N, limit: N) -> N:
    """Return the smaller of two limits, of which 0 is none."""
    return min(wanted, limit) if wanted and limit else wanted or limit
