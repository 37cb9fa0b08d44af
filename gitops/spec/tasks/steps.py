"""Steps: their work, place, times and containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitops.model.tasks import BuildLine, RunLine, TaskStep, VolumeMount
from gitops.spec.tasks import amounts
from gitops.spec.tasks.build_line import read_build
from gitops.spec.tasks.environment import decode_env
from gitops.spec.tasks.images import checked_image, pushed
from gitops.spec.tasks.kinds import check_keys, kind_of
from gitops.spec.tasks.run_line import NETWORKS, read_run
from gitops.spec.tasks.table import Table
from gitops.spec.tasks.words import LineError, quoted
from gitops.spec.tasks.workplace import Workplace, absolute


class Around(NamedTuple):
    """What a step takes from its task and run."""

    env: Mapping[str, str]
    directory: str
    timeout: int
    network: str
    networks: frozenset[str]
    volumes: frozenset[str]
    images: Mapping[str, str]
    registry: str
    shared: str


def decode_step(step: Table, name: str, around: Around) -> TaskStep | None:
    """Return a step, its line and order still open; none when its work cannot be read."""
    kind = kind_of(step)
    if not kind:
        return None
    check_keys(step, kind)
    place = _workplace(step, around)
    work = _work(step, kind, place, around)
    decoded = TaskStep(
        name,
        1,
        work if work is not None else (),
        env={**around.env, **decode_env(step)},
        working_directory=place.directory,
        mounts=place.mounts,
        cache=_cache(step),
        cpus=step.number("cpus"),
    )
    decoded = _timed(step, decoded, around)
    if kind == "cmd":
        decoded = _contained(step, decoded, around)
    return decoded if work is not None else None


def _workplace(step: Table, around: Around) -> Workplace:
    written = step.text("workingDirectory")
    directory = absolute(written) if written else around.directory
    mounts = _mounts(step, around)
    return Workplace(directory, mounts, around.volumes, around.networks, around.shared)


def _mounts(step: Table, around: Around) -> tuple[VolumeMount, ...]:
    mounts: dict[str, VolumeMount] = {}
    for table in step.tables("volumeMounts"):
        table.known(("name", "mountPath"), {})
        name, path = table.text("name"), table.text("mountPath")
        if name not in around.volumes:
            hint = table.near(name, around.volumes, "volumes are") or "declare it in volumes"
            table.complain("name", f"there is no volume {quoted(name)}", hint)
        if not path.startswith("/") or absolute(path) == "/":
            hint = "write an absolute path, such as /run/secrets"
            table.complain("mountPath", f"{quoted(path)} is not a place for a volume", hint)
        elif absolute(path) in mounts:
            table.complain("mountPath", f"two volumes are mounted at {path}", "choose another")
        mounts[absolute(path)] = VolumeMount(name, absolute(path))
    return tuple(mounts.values())


def _work(
    step: Table, kind: str, place: Workplace, around: Around
) -> BuildLine | RunLine | tuple[str, ...] | None:
    if kind == "push":
        return _push(step, around)
    line = step.text(kind)
    if step.found[kind] is None:
        step.complain(kind, "expected text, found nothing", "write a value, or remove it")
    try:
        if kind == "build":
            return read_build(line, place)
        return read_run(line, place, around.images)
    except LineError as error:
        step.complain(kind, error.message, error.hint)
    return None


def _push(step: Table, around: Around) -> tuple[str, ...]:
    images: list[str] = []
    written = step.texts("push")
    if not written and isinstance(step.found["push"], list | None):
        step.complain("push", "there is no image", "write a list of images")
    for number, name in enumerate(written):
        try:
            images.append(pushed(checked_image(name), around.registry))
        except LineError as error:
            step.complain_at(("push", number), error.message, error.hint)
    return tuple(dict.fromkeys(images))


def _cache(step: Table) -> bool | None:
    written = step.text("cache").lower()
    if written not in ("", "enabled", "disabled"):
        step.complain("cache", f"{quoted(written)} is not known", "write enabled or disabled")
    return written == "enabled" if written else None


def _timed(step: Table, decoded: TaskStep, around: Around) -> TaskStep:
    return decoded._replace(
        ignore_errors=step.truth("ignoreErrors"),
        start_delay=float(step.whole("startDelay", 0)),
        timeout=float(step.whole("timeout", 0) or around.timeout),
        retries=step.whole("retries", 0),
        retry_delay=float(step.whole("retryDelay", 0)),
        retry_on=step.texts("retryOnErrors"),
        repeat=step.whole("repeat", 0),
    )


def _contained(step: Table, decoded: TaskStep, around: Around) -> TaskStep:
    """Return a cmd step with what concerns its container."""
    network = step.text("network", around.network)
    if network and network not in NETWORKS | around.networks:
        hint = step.near(network, NETWORKS | around.networks)
        step.complain("network", f"there is no network {quoted(network)}", hint)
    own = step.truth("disableWorkingDirectoryOverride")
    return decoded._replace(
        entrypoint=step.text("entryPoint"),
        user=step.text("user"),
        working_directory="" if own else decoded.working_directory,
        network=network,
        ports=_ports(step, "ports"),
        expose=_ports(step, "expose"),
        detach=step.truth("detach"),
        keep=step.truth("keep"),
        privileged=step.truth("privileged"),
        pull=step.truth("pull"),
        download_retries=step.whole("cmdDownloadRetries", 0),
        download_retry_delay=float(step.whole("cmdDownloadRetryDelay", 0)),
    )


def _ports(step: Table, key: str) -> tuple[str, ...]:
    read = amounts.published if key == "ports" else amounts.exposed
    found: list[str] = []
    for number, written in enumerate(step.texts(key)):
        try:
            found += amounts.each(read, amounts.spread(written))
        except LineError as error:
            step.complain_at((key, number), error.message, error.hint)
    return tuple(found)


def with_pushed_tags(steps: Sequence[TaskStep], registry: str) -> tuple[TaskStep, ...]:
    """Return the steps; a build whose image is pushed by its short name gets the long one too.

    So `build: -t app:1 .`, `cmd: app:1` and `push: [app:1]` all mean one image.
    """
    wanted: set[str] = set()
    for step in steps:
        if not isinstance(step.work, BuildLine | RunLine):
            wanted.update(step.work)
    return tuple([_tagged(step, wanted, registry) for step in steps])


def _tagged(step: TaskStep, wanted: set[str], registry: str) -> TaskStep:
    if not isinstance(step.work, BuildLine):
        return step
    more = [name for tag in step.work.tags if (name := pushed(tag, registry)) in wanted]
    tags = tuple(dict.fromkeys([*step.work.tags, *more]))
    return step._replace(work=step.work._replace(tags=tags))
