"""The line of a `cmd` step: options of `docker run`, an image, and its arguments.

https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from gitops.model.tasks import RunLine
from gitops.spec.nearest import nearest
from gitops.spec.tasks import amounts
from gitops.spec.tasks.flags import Known, Options, parse_options, spellings
from gitops.spec.tasks.host_options import LOST, VALUED, host_options
from gitops.spec.tasks.images import checked_image
from gitops.spec.tasks.words import LineError, quoted, split_words
from gitops.spec.tasks.workplace import VOLUME, Workplace, absolute

SOCKET = "/var/run/docker.sock"
NETWORKS = frozenset(("host", "none", "bridge"))
"""Networks that every engine has."""

_VALUED = MappingProxyType(
    {
        "env": "-e --env",
        "volume": "-v --volume",
        "port": "-p --publish",
        "expose": "--expose",
        "entrypoint": "--entrypoint",
        "user": "-u --user",
        "workdir": "-w --workdir",
        "network": "--network --net",
        "hostname": "-h --hostname",
        "alias": "--name --network-alias --net-alias",
        "host": "--add-host",
        "label": "-l --label",
        "cap-add": "--cap-add",
        "cap-drop": "--cap-drop",
        "tmpfs": "--tmpfs",
        "dns": "--dns",
        "memory": "-m --memory",
        "shm": "--shm-size",
        "cpus": "--cpus",
        "pull": "--pull",
        "isolation": "--isolation",
        "restart": "--restart",
    }
)
_SWITCHES = MappingProxyType(
    {
        "detach": "-d --detach",
        "privileged": "--privileged",
        "read-only": "--read-only",
        "init": "--init",
        # Without an effect here: a step has no terminal, and its container is always removed.
        "nothing": "--rm -i --interactive -t --tty -q --quiet",
    }
)
_FILES = "write -e NAME=value, or env of the step"
_LOST = MappingProxyType(
    {
        "--env-file": _FILES,
        "--label-file": "write -l name=value",
        "--mount": "write -v name:/path with a volume of the task, or volumeMounts",
        "--volumes-from": "write volumeMounts in both steps",
        "-P": "write -p with each port",
        "--publish-all": "write -p with each port",
        "--link": "remove it: steps of one network reach each other by id",
    }
)
_KNOWN = Known(
    spellings(_VALUED | VALUED | _SWITCHES),
    frozenset(_VALUED | VALUED),
    _LOST | LOST,
    anywhere=False,
)
_MODES = frozenset(("ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent"))
"""Of the last five each is for another machine: labels of SELinux, and Docker Desktop's caches."""


def read_run(line: str, place: Workplace, images: Mapping[str, str]) -> RunLine:
    """Return what a cmd line says; `images` are the aliases of images. Raises `LineError`."""
    words = split_words(line)
    named = _named(words, images)
    options = parse_options(named, _KNOWN)
    rest = _named(options.rest, images) if named is words else options.rest
    if not rest:
        raise LineError("there is no image", "write an image, and then its arguments")
    image, *args = rest
    _only("--isolation", options.last("isolation"), ("default",))
    _only("--restart", options.last("restart"), ("no",))
    _only("--pull", options.last("pull"), ("always", "missing", "never"))
    directory = options.last("workdir")
    run = RunLine(
        checked_image(image),
        tuple(args),
        amounts.settings(options.all("env")),
        tuple([_volume(each, place) for each in options.all("volume")]),
        _ports(amounts.published, options.all("port")),
        _ports(amounts.exposed, options.all("expose")),
        options.last("entrypoint") if "entrypoint" in options.found else None,
        options.last("user"),
        absolute(directory, place.directory) if directory else "",
        _network(options.last("network"), place),
    )
    return _narrowed(run, options)


def _named(words: Sequence[str], images: Mapping[str, str]) -> Sequence[str]:
    """Return words, the first replaced by the words that it is an alias of."""
    if not words or words[0] not in images:
        return words
    return [*split_words(images[words[0]]), *words[1:]]


def _narrowed(run: RunLine, options: Options) -> RunLine:
    return run._replace(
        hostname=options.last("hostname"),
        detach=options.on("detach"),
        privileged=options.on("privileged"),
        read_only=options.on("read-only"),
        init=options.on("init"),
        pull=options.last("pull") == "always",
        hosts=amounts.each(amounts.added_host, options.all("host")),
        labels=amounts.labels(options.all("label")),
        capabilities=options.all("cap-add"),
        dropped=options.all("cap-drop"),
        tmpfs=amounts.each(_container_path, options.all("tmpfs")),
        dns=amounts.each(amounts.dns, options.all("dns")),
        memory=amounts.size("--memory", options.last("memory")),
        shm_size=amounts.size("--shm-size", options.last("shm")),
        cpus=amounts.cores(options.last("cpus")),
        aliases=amounts.each(_alias, options.all("alias")),
        host=host_options(options),
        no_pull=options.last("pull") == "never",
    )


def _ports(read: Callable[[str], str], written: Sequence[str]) -> tuple[str, ...]:
    return amounts.each(read, [port for one in written for port in amounts.spread(one)])


def _only(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in ("", *known):
        raise LineError(f"{name}: {quoted(value)} is not supported", f"write {' or '.join(known)}")


def _network(name: str, place: Workplace) -> str:
    known = NETWORKS | place.networks
    if name and name not in known:
        hint = nearest(name, known)
        raise LineError(f"--network: there is no network {quoted(name)}", hint)
    return name


def _alias(name: str) -> str:
    if re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", name):
        return name
    raise LineError(f"--name: {quoted(name)} is no name of a host", "use letters, digits and - . _")


def _container_path(written: str) -> str:
    if written.startswith("/"):
        return written
    raise LineError(f"{quoted(written)} is not an absolute path", "begin it with /")


def _volume(written: str, place: Workplace) -> str:
    """Return `name:path[:ro]` as it is; only the engine's socket is taken from its machine."""
    source, _, rest = written.partition(":")
    path, _, mode = rest.partition(":")
    known = not mode or _MODES.issuperset(mode.split(","))
    if not rest or not path.startswith("/") or not known:
        hint = "write name:/path or name:/path:ro; for a folder in memory --tmpfs /path"
        raise LineError(f"--volume: {quoted(written)} is not a mount", hint)
    if source in (SOCKET, place.shared) or source in place.volumes:
        return written
    if source.startswith((".", "/", "~")):
        hint = f"use a volume of the task; steps share {place.directory} already"
        raise LineError(f"--volume: {quoted(source)} would be a path of the engine's machine", hint)
    hint = nearest(source, place.volumes)
    if VOLUME.fullmatch(source) and not hint.startswith("did you"):
        return written  # as in docker, an empty volume of this name
    hint = hint or "a volume's name has letters, digits, - and _"
    raise LineError(f"--volume: there is no volume {quoted(source)}", hint)
