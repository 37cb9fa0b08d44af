"""What is inside of an image: its packages, and the CycloneDX document that lists them."""

from __future__ import annotations

from gitops.drivers.sbom.document import MEDIA_TYPE, document
from gitops.drivers.sbom.image_tar import packages_of
from gitops.drivers.sbom.making import make_sbom
from gitops.drivers.sbom.packages import Package

__all__ = ["MEDIA_TYPE", "Package", "document", "make_sbom", "packages_of"]
