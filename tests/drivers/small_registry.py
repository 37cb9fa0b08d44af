"""A registry in the test's memory that lists referrers, two on a page, by the 1.1 specification."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qs, urlsplit

from registry_servers import Asked, Reply

INDEX = "application/vnd.oci.image.index.v1+json"
PAGE = 2


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class SmallRegistry:
    """Answers for one repository; without `lists` it knows no referrers, as Distribution 2.8."""

    def __init__(self, *, lists: bool) -> None:
        self.lists = lists
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.taken_away = 0
        """How many writes of a tag are undone, as when another program writes it after us."""

    def add(self, kind: str, body: bytes, tag: str = "") -> str:
        """Keep a manifest by its digest, and by a tag."""
        digest = sha256(body)
        self.manifests[tag or digest] = self.manifests[digest] = (kind, body)
        return digest

    def answer(self, request: Asked) -> Reply:
        """Answer one request."""
        url = urlsplit(request.path)
        what, _, name = url.path.removeprefix("/v2/shop/web/").partition("/")
        if what == "upload":
            return self._upload(parse_qs(url.query)["digest"][0], request.body)
        if request.method == "POST":
            return Reply(202, {"Location": "/v2/shop/web/upload/1?state=x"})
        if request.method == "PUT":
            return self._put(name, request)
        if what == "referrers":
            return self._referrers(name, parse_qs(url.query))
        return self._get(what, name)

    def _get(self, what: str, name: str) -> Reply:
        if what == "blobs":
            return Reply(200, {}, self.blobs[name]) if name in self.blobs else Reply(404)
        if name not in self.manifests:
            return Reply(404)
        kind, body = self.manifests[name]
        return Reply(200, {"Content-Type": kind, "Docker-Content-Digest": sha256(body)}, body)

    def _upload(self, digest: str, body: bytes) -> Reply:
        if sha256(body) != digest:
            return Reply(400)
        self.blobs[digest] = body
        return Reply(201)

    def _put(self, name: str, request: Asked) -> Reply:
        manifest = json.loads(request.body)
        blobs = [manifest.get("config"), *manifest.get("layers", ())]
        if any(blob and blob["digest"] not in self.blobs for blob in blobs):
            return Reply(400, {}, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')
        if self.taken_away and not name.startswith("sha256:"):
            self.taken_away -= 1
            return Reply(201)
        self.add(request.headers["Content-Type"], request.body, name)
        subject = manifest.get("subject")
        return Reply(201, {"OCI-Subject": subject["digest"]} if subject and self.lists else {})

    def _referrers(self, digest: str, query: dict[str, list[str]]) -> Reply:
        if not self.lists:
            return Reply(404, {}, b"404 page not found\n")
        wanted = query.get("artifactType", [""])[0]
        start = int(query.get("from", ["0"])[0])
        found = []
        for kind, body in dict.fromkeys(self.manifests.values()):
            manifest = json.loads(body)
            if manifest.get("subject", {}).get("digest") != digest:
                continue
            if wanted in ("", manifest["artifactType"]):
                found.append(
                    {
                        "mediaType": kind,
                        "digest": sha256(body),
                        "size": len(body),
                        "artifactType": manifest["artifactType"],
                    }
                )
        headers = {"Content-Type": INDEX}
        if len(found) > start + PAGE:
            headers["Link"] = f'</v2/shop/web/referrers/{digest}?from={start + PAGE}>; rel="next"'
        document = {"schemaVersion": 2, "manifests": found[start : start + PAGE]}
        return Reply(200, headers, json.dumps(document).encode())
