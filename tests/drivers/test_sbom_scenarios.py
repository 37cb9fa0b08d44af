"""The SBOM of an image that a real engine has."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from engine_fixtures import ADDRESS, Lab, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.sbom import make_sbom
from gitops.model.image import ImageRef

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def test_packages_of_a_built_image(lab: Lab) -> None:
    """What a build adds is listed, what a later step removes is not; no image is MISSING."""
    dockerfile = (
        "FROM busybox:latest\n"
        "RUN mkdir -p /lib/apk/db"
        " && printf 'P:musl\\nV:1.2\\nA:x86_64\\n\\n' >/lib/apk/db/installed\n"
        'RUN mkdir -p /m/node_modules/x && echo \'{"name":"x","version":"1"}\''
        " >/m/node_modules/x/package.json\n"
        "RUN rm -r /m/node_modules\n"
    )
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(dockerfile)
        archive.addfile(member, io.BytesIO(dockerfile.encode()))
    context.seek(0)
    name = f"{lab.name}-sbom:1"
    ref = ImageRef("r.io/shop", "1", "sha256:" + "a" * 64)
    client = SdkClient(ADDRESS, {})
    try:
        with client.use("the image could not be built") as api:
            for _ in api.build(fileobj=context, custom_context=True, tag=name, rm=True):
                pass
        found = json.loads(make_sbom(client, name, ref, 0))
        with client.use("the image could not be removed") as api:
            api.remove_image(name)
        with pytest.raises(DriverError) as caught:
            make_sbom(client, name, ref, 0)
    finally:
        client.close()
    assert [each["purl"] for each in found["components"]] == ["pkg:apk/apk/musl@1.2?arch=x86_64"]
    assert caught.value.kind is ErrorKind.MISSING
