"""Tags and manifests of registries.

OCI distribution specification 1.1:
https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from threading import Thread
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.answers import check, refusal, sha256_of
from gitops.drivers.registry.auth import Auths, OciAuth
from gitops.drivers.registry.http import OciHttp, Request, Response
from gitops.model.image import ImageRef, registry_of
from gitops.model.outcomes import Absent, Found, Observation, Unreachable

ACCEPT = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
THREADS = 4
"""Lookups made at the same time when there are more than that; fewer are done sooner without."""


class Answer(NamedTuple):
    """What a registry said of a tag; `status` is 0 when it said nothing."""

    seen: Observation[str]
    status: int = 0
    headers: Mapping[str, str] = MappingProxyType({})
    """By names in lower case."""


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_MANIFEST = re.compile(
    r"application/vnd\.(?:docker\.distribution\.manifest|oci\.image\.(?:manifest|index))\.[\w.+-]+"
)


def _strange(digest: str, content_type: str) -> str:
    """Return what an answer is that is no manifest, such as the page of a login; empty for one."""
    if not _DIGEST.fullmatch(digest):
        return "a digest that is none"
    kind = content_type.partition(";")[0].strip().lower()
    return "" if _MANIFEST.fullmatch(kind) else f"{kind or 'nothing'} in the place of a manifest"


class OciRegistry:
    """Satisfies `RegistryClient`."""

    def __init__(self, auths: Auths, http: OciHttp | None = None) -> None:
        self._http = http or OciHttp()
        self._auth = OciAuth(auths, self._http)

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def digest(self, image: ImageRef) -> Observation[str]:
        """Return the digest that `image.tag` points to now."""
        return self.asked(image).seen

    def asked(self, image: ImageRef) -> Answer:
        """Return the digest that `image.tag` points to now, with what came along with it."""
        host, path = registry_of(image.repository)
        what = f"{image.repository}:{image.tag}"
        try:
            response = self._manifest(image, "HEAD", image.tag)
            found = response.headers.get("Docker-Content-Digest", "")
            if response.status == 200 and not found:  # noqa: PLR2004
                # The header is only a SHOULD of the specification.
                response = self._manifest(image, "GET", image.tag)
                found = sha256_of(response.body)
        except (OSError, HTTPException) as error:
            return Answer(Unreachable(what, f"registry {host} cannot be reached: {error}"))
        headers = {name.lower(): value for name, value in response.headers.items()}
        seen: Observation[str] = Found(found)
        if response.status == 404:  # noqa: PLR2004 - manifest or name unknown
            seen = Absent(what)
        elif response.status != 200:  # noqa: PLR2004
            seen = Unreachable(what, refusal(host, path, response))
        elif strange := _strange(found, headers.get("content-type", "")):
            seen = Unreachable(what, f"registry {host} answers with {strange}")
        return Answer(seen, response.status, headers)

    def digests(self, images: Iterable[ImageRef]) -> Mapping[str, Observation[str]]:
        """Return the digest of each tag by `repository:tag`; each tag is asked for once."""
        wanted = {f"{image.repository}:{image.tag}": image for image in images}
        names = sorted(wanted)
        found: dict[str, Observation[str]] = {}

        def look(part: list[str]) -> None:
            found.update({name: self.digest(wanted[name]) for name in part})

        if len(names) <= THREADS:
            look(names)
            return found
        threads = [Thread(target=look, args=(names[at::THREADS],)) for at in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def retag(self, image: ImageRef, tag: str) -> None:
        """Make `tag` of the same repository point to the manifest of `image`, byte for byte."""
        host, path = registry_of(image.repository)
        what = f"tag {image.repository}:{tag} could not be set to {image}"
        try:
            got = self._manifest(image, "GET", image.digest or image.tag, "pull,push")
            check(got, what, host, path)
            digest = sha256_of(got.body)
            if image.digest and digest != image.digest:
                raise DriverError(ErrorKind.INVALID, what, f"the manifest's digest is {digest}")
            headers = {"Content-Type": got.headers.get("Content-Type", "")}
            request = Request(host, "PUT", f"/v2/{path}/manifests/{tag}", headers, got.body)
            put = self._auth.send(request, f"repository:{path}:pull,push")
            check(put, what, host, path)
        except (OSError, HTTPException) as error:
            raise DriverError(
                ErrorKind.UNREACHABLE, what, f"registry {host} cannot be reached: {error}"
            ) from error
        if put.headers.get("Docker-Content-Digest", digest) != digest:
            raise DriverError(ErrorKind.FAILED, what, "the registry changed the manifest")

    def ping(self, host: str) -> Observation[str]:
        """Ask `host` whether it speaks the API; Found holds the version that it tells.

        A registry that wants credentials is there: it answers 401 with that version.
        """
        try:
            response = self._auth.send(Request(host, "GET", "/v2/", {}), "")
        except (OSError, HTTPException) as error:
            return Unreachable(host, f"registry {host} cannot be reached: {error}")
        version = response.headers.get("Docker-Distribution-Api-Version", "")
        if response.status in (200, 401):
            return Found(version or "registry/2.0")
        return Unreachable(host, f"{host} answered {response.status} to GET /v2/: no registry")

    def lets_in(self, host: str) -> Observation[bool]:
        """Ask `host` whether it accepts who we are; not Found is as for `ping`."""
        seen = self.ping(host)
        if not isinstance(seen, Found):
            return seen
        try:
            response = self._auth.send(Request(host, "GET", "/v2/", {}), "")
        except (OSError, HTTPException) as error:
            return Unreachable(host, f"registry {host} cannot be reached: {error}")
        return Found(response.status == 200)  # noqa: PLR2004 - OK

    def _manifest(
        self, image: ImageRef, method: str, reference: str, actions: str = "pull"
    ) -> Response:
        host, path = registry_of(image.repository)
        request = Request(host, method, f"/v2/{path}/manifests/{reference}", {"Accept": ACCEPT})
        return self._auth.send(request, f"repository:{path}:{actions}")
