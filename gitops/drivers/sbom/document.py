"""A software bill of materials, CycloneDX 1.5 as JSON: https://cyclonedx.org/docs/1.5/json/."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from gitops.drivers.sbom.packages import OS, Package
from gitops.model.image import ImageRef, registry_of

MEDIA_TYPE = "application/vnd.cyclonedx+json"


def document(image: ImageRef, packages: Iterable[Package], date: float) -> bytes:
    """Return the document for `image` (with its digest) that holds `packages`.

    `date` is in seconds since 1970. The same input gives the same bytes.
    """
    # The library and what it brings take 120 ms to import, and only builds with an SBOM need them.
    from cyclonedx.model.bom import Bom  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from cyclonedx.output import make_outputter  # noqa: PLC0415
    from cyclonedx.schema import OutputFormat, SchemaVersion  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    every = sorted(packages)
    system = next((each for each in every if each.kind == OS), Package(OS, "", ""))
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, str(image)))
    bom.metadata.timestamp = datetime.fromtimestamp(int(date), UTC)
    host, path = registry_of(image.repository)
    name = path.rpartition("/")[2].lower()
    where = {"repository_url": f"{host}/{path}"} | ({"tag": image.tag} if image.tag else {})
    bom.metadata.component = Component(
        name=image.repository,
        version=image.digest,
        type=ComponentType.CONTAINER,
        bom_ref=str(image),
        purl=PackageURL("oci", None, name, image.digest, where),
    )
    for package in every:
        kind = ComponentType.OPERATING_SYSTEM if package.kind == OS else ComponentType.LIBRARY
        url = None if package.kind == OS else PackageURL.from_string(_url(package, system))
        reference = str(url) if url else f"os:{package.name}@{package.version}"
        bom.components.add(
            Component(
                name=package.name, version=package.version, type=kind, purl=url, bom_ref=reference
            )
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_5).output_as_string(indent=2)
    return text.encode() + b"\n"


def _url(package: Package, system: Package) -> str:
    """Return the package URL: https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst."""
    from packageurl import PackageURL  # noqa: PLC0415 - as above

    if package.kind == "npm":
        scope, _, name = package.name.rpartition("/")
        return str(PackageURL("npm", scope or None, name, package.version))
    if package.kind not in ("deb", "apk"):
        return str(PackageURL(package.kind, None, package.name, package.version))
    qualifiers = {"arch": package.arch} if package.arch else {}
    if system.name and system.version:
        qualifiers["distro"] = f"{system.name}-{system.version}"
    return str(
        PackageURL(
            package.kind, system.name or package.kind, package.name, package.version, qualifiers
        )
    )
