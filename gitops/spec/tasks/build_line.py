"""The line of a `build` step: options of `docker build`, and one context.

https://docs.docker.com/reference/cli/docker/buildx/build/
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gitops.model.tasks import BuildLine, BuildSecret
from gitops.spec.tasks import amounts
from gitops.spec.tasks.caches import cache_source, cache_target
from gitops.spec.tasks.flags import Known, Options, parse_options, spellings
from gitops.spec.tasks.images import checked_image, tagged
from gitops.spec.tasks.platforms import platform
from gitops.spec.tasks.words import LineError, quoted, split_words
from gitops.spec.tasks.workplace import Workplace, below_root, checked_url, is_url

_VALUED = MappingProxyType(
    {
        "tag": "-t --tag --image",
        "file": "-f --file",
        "arg": "--build-arg",
        "label": "--label",
        "target": "--target",
        "platform": "--platform",
        "network": "--network",
        "host": "--add-host",
        "secret": "--secret",
        "ssh": "--ssh",
        "cache-from": "--cache-from",
        "cache-to": "--cache-to",
        "memory": "-m --memory",
        "shm": "--shm-size",
        "isolation": "--isolation",
        "progress": "--progress",
    }
)
_SWITCHES = MappingProxyType(
    {
        "no-cache": "--no-cache",
        "pull": "--pull",
        # Without an effect here: the result stays on the engine, whatever is printed.
        "nothing": "--rm --force-rm -q --quiet --load --compress",
    }
)
_ATTESTED = "say attest in the BuildTask: documents go beside the image, when it is pushed"
_OFF = MappingProxyType({"provenance": "--provenance", "sbom": "--sbom"})
_LIMIT = "limit the step with cpus, or the build with --memory"
_LOST: Mapping[str, str] = MappingProxyType(
    {
        "--push": "write a push step",
        "-o": "push the image, or copy files out of it in a cmd step",
        "--output": "push the image, or copy files out of it in a cmd step",
        "--squash": "remove it: write fewer layers, or several stages",
        "--iidfile": "use the tag",
        "--metadata-file": "use the tag",
        "--build-context": "add the folder to the context",
        "--builder": "remove it: the builder is that of the engine",
        "--secret-build-arg": "use --secret, which leaves no trace in the image",
        **dict.fromkeys(("-c", "--cpu-shares", "--cpu-period", "--cpu-quota"), _LIMIT),
        **dict.fromkeys(("--cpuset-cpus", "--cpuset-mems", "--memory-swap", "--ulimit"), _LIMIT),
    }
)
_KNOWN = Known(spellings(_VALUED | _SWITCHES | _OFF), frozenset(_VALUED), _LOST, anywhere=True)
_NETWORKS = frozenset(("default", "none", "host", "bridge"))


def read_build(line: str, place: Workplace) -> BuildLine:
    """Return what a build line says. Raises `LineError`."""
    options = parse_options(split_words(line), _KNOWN)
    if len(options.rest) != 1:
        raise LineError(
            f"a build has one context, found {len(options.rest)}",
            "write one folder or URL, such as . at the end",
        )
    for key in _OFF:
        if options.on(key):
            raise LineError(f"the option --{key} cannot be kept", _ATTESTED)
    context = _context(options.rest[0], place)
    return BuildLine(
        context,
        _file(options.last("file"), context, place),
        tuple(dict.fromkeys(tagged(checked_image(tag)) for tag in options.all("tag"))),
        amounts.settings(options.all("arg")),
        amounts.labels(options.all("label")),
        options.last("target"),
        _platforms(options),
        options.on("no-cache"),
        options.on("pull"),
        _network(options.last("network"), place),
        amounts.each(amounts.added_host, options.all("host")),
        _secrets(options, place),
        _ssh(options),
        amounts.each(cache_source, options.all("cache-from")),
        amounts.size("--memory", options.last("memory")),
        amounts.size("--shm-size", options.last("shm")),
        *cache_target(options.all("cache-to")),
    )


def _context(written: str, place: Workplace) -> str:
    if written in ("-", ""):
        raise LineError("a step has no standard input to build from", "write a folder or URL")
    return checked_url(written) if is_url(written) else place.inside(written)


def _file(written: str, context: str, place: Workplace) -> str:
    if written == "-" or is_url(written):
        raise LineError(f"--file: {quoted(written)} is not a path", "write a path of the context")
    if not written:
        return ""
    return below_root(written) if is_url(context) else place.inside(written)


def _platforms(options: Options) -> tuple[str, ...]:
    names = [name for each in options.all("platform") for name in each.split(",")]
    found = dict.fromkeys(platform(name) for name in names)
    if len(found) > 1 and "" in found:
        raise LineError("--platform: linux alone is one of several", "write linux/amd64")
    if options.last("isolation") not in ("", "default"):
        raise LineError("--isolation: only default is there on Linux", "remove it")
    return tuple(filter(None, found))


def _network(name: str, place: Workplace) -> str:
    if name and name not in _NETWORKS | place.networks:
        hint = "write default, host or none, or a network of the task"
        raise LineError(f"--network: there is no network {quoted(name)}", hint)
    return name


def _secrets(options: Options, place: Workplace) -> tuple[BuildSecret, ...]:
    found = [_secret(each, place) for each in options.all("secret")]
    if len({each.id for each in found}) != len(found):
        raise LineError("--secret: an id is given twice", "give each secret an id of its own")
    return tuple(found)


def _secret(written: str, place: Workplace) -> BuildSecret:
    """Return the secret of `id=ID[,env=NAME|,src=PATH]`."""
    hint = "write id=NAME, id=NAME,env=VARIABLE or id=NAME,src=PATH"
    pairs = dict(pair.partition("=")[::2] for pair in written.split(","))
    path = next((pairs.pop(key) for key in ("src", "source") if key in pairs), "")
    name, env = pairs.pop("id", ""), pairs.pop("env", "")
    kind = pairs.pop("type", "")
    if pairs or not name or (env and path) or kind not in ("", "env", "file"):
        raise LineError("--secret: it cannot be read", hint)
    if kind == "env" and not env:
        env, path = path or name, ""
    if path and not (path.startswith("/") and place.mounted(path)):
        path = place.inside(path)
    return BuildSecret(name, env, path)


def _ssh(options: Options) -> tuple[str, ...]:
    for each in options.all("ssh"):
        if "=" in each or not each:
            hint = "write --ssh default, which is the agent's; keys can be given with --secret"
            raise LineError("--ssh: a step cannot read keys of this machine", hint)
    return options.all("ssh")
