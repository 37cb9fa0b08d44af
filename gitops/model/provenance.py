"""How an image was made, as a statement that others can check.

in-toto statement v1 with a SLSA v1 provenance:
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
https://slsa.dev/spec/v1.0/provenance
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.image import DOCKER_HUB, ImageRef, parse_image, registry_of

MEDIA_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
NONE: Mapping[str, str] = MappingProxyType({})
_CREDENTIALS = re.compile(r"^(https?://)[^/@]*@|^(\w+://[^/:@]*):[^/@]*@")


class BuildInputs(NamedTuple):
    """What whoever asked for the build could choose; nothing secret may be among `args`.

    `source` is a URL or folder, `commit` the full id or empty for a folder without history, `tree`
    the hash of the files that were built.
    """

    source: str
    commit: str = ""
    dockerfile: str = "Dockerfile"
    target: str = ""
    args: Mapping[str, str] = NONE
    platforms: tuple[str, ...] = ()
    tree: str = ""


class BuildRun(NamedTuple):
    """Who built, in which run, and when (seconds since 1970); `builder` and `kind` are URIs."""

    kind: str
    builder: str
    run: str
    started: float
    finished: float
    version: str = ""


class Provenance(NamedTuple):
    """An image by name and digest, and how it came to be; `bases` are digests by image name."""

    images: tuple[ImageRef, ...]
    inputs: BuildInputs
    bases: Mapping[str, str]
    run: BuildRun


def statement(provenance: Provenance) -> bytes:
    """Return the statement as JSON; the same provenance gives the same bytes.

    Raises `ValueError` for an image or a base without a sha256 digest: nothing could be checked.
    """
    inputs, run = provenance.inputs, provenance.run
    document = {
        "_type": STATEMENT,
        "subject": [
            {"name": image.repository, "digest": _digest(image.digest, str(image))}
            for image in sorted(provenance.images)
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": run.kind,
                "externalParameters": _parameters(inputs),
                "resolvedDependencies": [*_source(inputs), *_bases(provenance.bases)],
            },
            "runDetails": {
                "builder": _builder(run),
                "metadata": {
                    "invocationId": run.run,
                    "startedOn": _time(run.started),
                    "finishedOn": _time(run.finished),
                },
            },
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _parameters(inputs: BuildInputs) -> dict[str, object]:
    """Return what was chosen; what was left to its default is not there."""
    chosen: dict[str, object] = {
        "source": _without_credentials(inputs.source),
        "commit": inputs.commit,
        "tree": inputs.tree,
        "dockerfile": inputs.dockerfile,
        "target": inputs.target,
        "args": dict(sorted(inputs.args.items())),
        "platforms": list(inputs.platforms),
    }
    return {name: value for name, value in chosen.items() if value}


def _builder(run: BuildRun) -> dict[str, object]:
    version = {"version": {"gitops": run.version}} if run.version else {}
    return {"id": run.builder, **version}


def _source(inputs: BuildInputs) -> list[dict[str, object]]:
    if not inputs.commit:
        return []
    url = _without_credentials(inputs.source)
    scheme = "" if url.startswith("git") else "git+"
    return [{"uri": f"{scheme}{url}@{inputs.commit}", "digest": {"gitCommit": inputs.commit}}]


def _bases(bases: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {"uri": _package_url(parse_image(name)), "digest": _digest(digest, name)}
        for name, digest in sorted(bases.items())
    ]


def _package_url(image: ImageRef) -> str:
    """Return `pkg:docker/…`: https://github.com/package-url/purl-spec (type docker)."""
    host, path = registry_of(image.repository)
    version = (image.tag or image.digest).replace(":", "%3A")
    where = "" if host == DOCKER_HUB else f"?repository_url={host.replace(':', '%3A')}"
    return f"pkg:docker/{path.removeprefix('library/')}@{version}{where}"


def _digest(digest: str, name: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or not value:
        raise ValueError(f"{name}: wanted a digest sha256:…, found {digest!r}")
    return {algorithm: value}


def _without_credentials(url: str) -> str:
    """Leave out `user:password@`; who reads the image may read the statement."""
    return _CREDENTIALS.sub(lambda found: found[1] or f"{found[2]}@", url)


def _time(seconds: float) -> str:
    """Return RFC 3339 in UTC, in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
