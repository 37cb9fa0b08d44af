"""Documents that belong to an image, kept beside it in its registry: SBOMs, provenance.

Artifacts with a subject, the referrers API, and the tag that stands in for it where a registry
(CNCF Distribution 2.8) has none:
https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers
https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidelines-for-artifact-usage
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import NamedTuple, cast
from urllib.parse import urlencode

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.answers import sha256_of
from gitops.drivers.registry.auth import Auths, OciAuth
from gitops.drivers.registry.http import OciHttp, Response
from gitops.drivers.registry.oci import ACCEPT
from gitops.drivers.registry.push import NONE, Call, OciRepository
from gitops.model.image import ImageRef, registry_of

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
TRIES = 5
"""Writes of the stand-in tag: another program may write it between our read and our write."""
MOST_PAGES = 100
_NEXT = re.compile(r"<([^>]+)>\s*;\s*rel=\"?next\"?")


class Artifact(NamedTuple):
    """A document: `kind` is its artifact type, `media_type` that of `content`."""

    kind: str
    media_type: str
    content: bytes
    annotations: Mapping[str, str] = NONE


class Descriptor(NamedTuple):
    """A manifest that refers to an image."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = NONE


class OciReferrers:
    """Attaches documents to images and lists them; safe for threads."""

    def __init__(self, auths: Auths, http: OciHttp | None = None) -> None:
        self._http = http or OciHttp()
        self._auth = OciAuth(auths, self._http)
        self._lock = Lock()

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def attach(self, image: ImageRef, artifact: Artifact) -> str:
        """Write `artifact` beside `image`, which has a digest; return its manifest's digest.

        The same artifact twice is one. Raises `DriverError`: MISSING when the image is not there.
        """
        what = f"{artifact.kind} could not be attached to {image}"
        repository = self._repository(image, what)
        manifest = _manifest(artifact, _subject(repository, image))
        repository.upload(b"{}")
        repository.upload(artifact.content)
        digest = sha256_of(manifest)
        call = Call("PUT", f"manifests/{digest}", {"Content-Type": MANIFEST}, manifest)
        response = repository.send(call)
        if response is None or "OCI-Subject" not in response.headers:
            # The header says that the registry lists the artifact by itself.
            entry = Descriptor(MANIFEST, digest, len(manifest), artifact.kind, artifact.annotations)
            self._enter(repository, image, entry, what)
        return digest

    def referrers(self, image: ImageRef, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """Return what refers to `image`, which has a digest; only of `artifact_type` if given."""
        repository = self._repository(image, f"what refers to {image} could not be listed")
        query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type else ""
        path = f"referrers/{image.digest}{query}"
        page = repository.send(Call("GET", path, {"Accept": INDEX}), may_miss=True)
        found = _pages(repository, page) if page else _descriptors(_read_index(repository, image))
        unique = {each.digest: each for each in found}.values()
        return tuple(each for each in unique if artifact_type in ("", each.artifact_type))

    def _repository(self, image: ImageRef, what: str) -> OciRepository:
        if not image.digest:
            raise DriverError(ErrorKind.INVALID, what, "the image is named without a digest")
        return OciRepository(self._auth, registry_of(image.repository), what)

    def _enter(
        self, repository: OciRepository, image: ImageRef, entry: Descriptor, what: str
    ) -> None:
        """Add `entry` to the index under the stand-in tag, beside all that is there.

        A registry has no compare-and-set: one that writes meanwhile can take our entry away, so
        it is looked for afterwards.
        """
        with self._lock:
            for _ in range(TRIES):
                index = _read_index(repository, image)
                if entry.digest in {each.digest for each in _descriptors(index)}:
                    return
                body = _with_entry(index, entry)
                path = f"manifests/{_tag(image)}"
                repository.send(Call("PUT", path, {"Content-Type": INDEX}, body))
            index = _read_index(repository, image)
            if entry.digest in {each.digest for each in _descriptors(index)}:
                return
        why = f"other programs write the tag {_tag(image)} at the same time; try again"
        raise DriverError(ErrorKind.CONFLICT, what, why)


def _subject(repository: OciRepository, image: ImageRef) -> dict[str, object]:
    response = repository.get(f"manifests/{image.digest}", ACCEPT)
    if sha256_of(response.body) != image.digest:
        raise DriverError(ErrorKind.INVALID, str(image), "its manifest has another digest")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return {"mediaType": kind, "digest": image.digest, "size": len(response.body)}


def _manifest(artifact: Artifact, subject: dict[str, object]) -> bytes:
    """Return the artifact's manifest; its bytes depend on nothing but what is given."""
    layer = {
        "mediaType": artifact.media_type,
        "digest": sha256_of(artifact.content),
        "size": len(artifact.content),
    }
    config = {"mediaType": EMPTY, "digest": sha256_of(b"{}"), "size": 2}
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact.kind,
        "config": config,
        "layers": [layer],
        "subject": subject,
    }
    if artifact.annotations:
        document["annotations"] = dict(sorted(artifact.annotations.items()))
    return json.dumps(document, separators=(",", ":")).encode()


def _tag(image: ImageRef) -> str:
    """Return the stand-in tag of an image: `sha256-<hex>`."""
    return image.digest.replace(":", "-", 1)


def _read_index(repository: OciRepository, image: ImageRef) -> dict[str, object]:
    """Return the index under the stand-in tag, an empty one when there is none."""
    call = Call("GET", f"manifests/{_tag(image)}", {"Accept": INDEX})
    response = repository.send(call, may_miss=True)
    if response is None:
        return {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    return _document(response)


def _pages(repository: OciRepository, page: Response) -> list[Descriptor]:
    """Return the entries of a listing that may go on at the place its Link header names."""
    found = _descriptors(_document(page))
    for _ in range(MOST_PAGES):
        link = _NEXT.search(page.headers.get("Link", ""))
        path = link[1].rpartition("/referrers/")[2] if link else ""
        if not path:
            break
        page = repository.get(f"referrers/{path}", INDEX)
        found += _descriptors(_document(page))
    return found


def _document(response: Response) -> dict[str, object]:
    try:
        found = json.loads(response.body)
    except ValueError as error:
        raise _no_index(error) from error
    if not isinstance(found, dict):
        raise _no_index(type(found).__name__)
    return found


def _no_index(why: object) -> DriverError:
    # Writing our own index over something that we do not understand would lose it.
    what = "the registry's list of referrers is no image index"
    return DriverError(ErrorKind.INVALID, what, str(why))


def _descriptors(index: Mapping[str, object]) -> list[Descriptor]:
    try:
        entries = cast("Sequence[Mapping[str, object]]", index["manifests"])
        return [
            Descriptor(
                str(each["mediaType"]),
                str(each["digest"]),
                int(str(each["size"])),
                str(each.get("artifactType", "")),
                dict(cast("Mapping[str, str]", each.get("annotations") or {})),
            )
            for each in entries or ()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_index(error) from error


def _with_entry(index: Mapping[str, object], entry: Descriptor) -> bytes:
    """Return `index` with `entry` at its end; all that others wrote stays."""
    added: dict[str, object] = {
        "mediaType": entry.media_type,
        "digest": entry.digest,
        "size": entry.size,
        "artifactType": entry.artifact_type,
    }
    if entry.annotations:
        added["annotations"] = dict(sorted(entry.annotations.items()))
    entries = cast("list[object] | None", index.get("manifests")) or []
    return json.dumps({**index, "manifests": [*entries, added]}, separators=(",", ":")).encode()
