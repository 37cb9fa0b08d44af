"""Build tasks: source in, image out."""

from __future__ import annotations

import re

from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.resources import (
    BuildTask,
    Credentials,
    GitRef,
    GitSource,
    PathSource,
    SshKey,
)
from gitops.spec.decode.container import decode_resources
from gitops.spec.decode.steps import decode_steps
from gitops.spec.decode.tags import check_tags
from gitops.spec.decode.triggers import (
    check_source,
    decode_attest,
    decode_concurrency,
    decode_keep,
    decode_triggers,
)
from gitops.spec.findings import Finding, Path
from gitops.spec.scope import EMPTY, Scope, Spec, text, texts
from gitops.spec.units import size

PLACEHOLDERS = ("commit", "short_commit", "branch", "tag", "date")
"""What may stand between double braces in `args` and `tags`."""

_FURTHER = frozenset(
    (
        *("steps", "taskFile", "values", "dockerSocket", "secrets", "ssh", "platforms", "cache"),
        *("resources", "triggers", "concurrency", "retention", "attest"),
    )
)
_OF_IMAGES = ("latest", "tags", "attest")
_NEW_EVERY_COMMIT = frozenset(("commit", "short_commit", "date"))
_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def decode_task(address: Address, metadata: Metadata, spec: Spec, scope: Scope) -> BuildTask:
    """Return the build task of a valid document."""
    args = texts(spec.get("args", EMPTY))
    tags = tuple([text(tag) for tag in spec.get("tags", ())])
    _placeholders(args, tags, scope)
    check_tags(tags, spec, scope)
    check_source(spec, scope)
    dockerfile = spec.get("dockerfile", "Dockerfile")
    task = BuildTask(
        address,
        metadata,
        repository=_repository(spec, scope),
        source=_source(spec["source"], scope),
        dockerfile=scope.inside(("spec", "dockerfile"), dockerfile),
        target=spec.get("target", ""),
        args=args,
        labels=texts(spec.get("labels", EMPTY)),
        tags=tags,
        latest=spec.get("latest", True),
        interval=scope.duration(spec, ("spec", "interval"), "1m"),
        timeout=scope.duration(spec, ("spec", "timeout"), "1h"),
    )
    return task if _FURTHER.isdisjoint(spec) else _with_the_rest(task, spec, scope)


def _repository(spec: Spec, scope: Scope) -> Address | None:
    """Return where the image goes; nowhere is for a task with steps."""
    if "repository" in spec:
        return Address("Repository", spec["repository"])
    if "steps" not in spec and "taskFile" not in spec:
        hint = "name the Repository of the image; only a task with steps or a taskFile has none"
        missing = Finding(("spec",), "spec.repository is missing", hint, at_key=True)
        scope.findings.append(missing)
        return None
    for key in _OF_IMAGES:
        if key in spec:
            hint = "name its repository, or remove this"
            what = "means nothing to a task without a repository"
            scope.complain(("spec", key), what, hint, at_key=True)
    return None


def _with_the_rest(task: BuildTask, spec: Spec, scope: Scope) -> BuildTask:
    """Return the task with what few tasks say."""
    return task._replace(
        steps=decode_steps(spec, scope),
        secrets={name: scope.secret(ref) for name, ref in spec.get("secrets", EMPTY).items()},
        ssh=tuple(_agent(one, scope) for one in spec.get("ssh", ())),
        platforms=tuple(spec.get("platforms", ())),
        cache=spec.get("cache", EMPTY).get("mode", "max"),
        resources=decode_resources(spec.get("resources", EMPTY), ("spec", "resources"), scope),
        disk=_disk(spec, scope),
        triggers=decode_triggers(spec.get("triggers", EMPTY), scope),
        concurrency=decode_concurrency(spec.get("concurrency", EMPTY)),
        keep=decode_keep(spec.get("retention", EMPTY), scope),
        attest=decode_attest(spec.get("attest", EMPTY)),
    )


def _disk(spec: Spec, scope: Scope) -> int:
    """Return the limit of a task with steps; what a Dockerfile's build writes is the builder's."""
    found = spec.get("resources", EMPTY).get("disk")
    if found is None:
        return 0
    if "steps" not in spec and "taskFile" not in spec:
        hint = "remove it: GITOPS_BUILD_CACHE keeps small what builds leave on the engine"
        what = "only a task with steps or a taskFile has such a limit"
        scope.complain(("spec", "resources", "disk"), what, hint, at_key=True)
    return size(found)


def _agent(found: str, scope: Scope) -> str:
    name, is_key, path = found.partition("=")
    return f"{name}={scope.absolute(path)}" if is_key else name


def _source(source: Spec, scope: Scope) -> PathSource | GitSource:
    if "path" in source:
        return PathSource(scope.absolute(source["path"]))
    git: Spec = source["git"]
    ref = git.get("ref", EMPTY)
    _no_password(git["url"], scope)
    if "semver" in ref:
        _range(text(ref["semver"]), scope)
    return GitSource(
        git["url"],
        GitRef(**{key: text(value) for key, value in ref.items()}),
        scope.inside(("spec", "source", "git", "path"), git.get("path", ".")),
        git.get("submodules", False),
        _credentials(git["credentials"], scope) if "credentials" in git else None,
    )


def _range(wanted: str, scope: Scope) -> None:
    from gitops.model.versions import check_range  # noqa: PLC0415 - rare: 10 ms to import

    try:
        check_range(wanted)
    except ValueError as wrong:
        scope.complain(("spec", "source", "git", "ref", "semver"), str(wrong))


def _no_password(url: str, scope: Scope) -> None:
    """Complain of a password in an address, which is printed and kept in labels."""
    user, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    if at and ":" in user:
        hint = "remove it, and write credentials: {username: ..., password: {env: NAME}}"
        scope.complain(("spec", "source", "git", "url"), "the address holds a password", hint)


def _credentials(found: Spec, scope: Scope) -> Credentials | SshKey:
    if "sshKey" not in found:
        return scope.credentials(found)
    hosts = found.get("knownHosts", "")
    return SshKey(scope.secret(found["sshKey"]), scope.absolute(hosts) if hosts else "")


def _placeholders(args: Spec, tags: tuple[str, ...], scope: Scope) -> None:
    for number, tag in enumerate(tags):
        if "{{" in tag:
            _names(tag, ("spec", "tags", number), scope)
    for key, value in args.items():
        if "{{" in value:
            path = ("spec", "args", key)
            new = _NEW_EVERY_COMMIT.intersection(_names(value, path, scope))
            if new:
                scope.warn(
                    path,
                    f"{{{{ {min(new)} }}}} makes a new image of every commit",
                    "put it in tags: an image that is equal but for them is not built again",
                )


def _names(value: str, path: Path, scope: Scope) -> list[str]:
    names = _PLACEHOLDER.findall(value)
    for name in names:
        if name not in PLACEHOLDERS:
            hint = f"known ones are {', '.join(PLACEHOLDERS)}"
            scope.complain(path, f"the placeholder {{{{ {name} }}}} is not known", hint)
    return names
