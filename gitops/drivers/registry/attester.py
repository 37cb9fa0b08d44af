"""Attaches documents to an image in its registry: where it comes from, and what is in it."""

from __future__ import annotations

from gitops.drivers.base import DriverError, Engine, ErrorKind
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.registry.auth import Auths
from gitops.drivers.registry.referrers import Artifact, OciReferrers
from gitops.drivers.sbom import MEDIA_TYPE as CYCLONEDX
from gitops.drivers.sbom import make_sbom
from gitops.model.image import ImageRef
from gitops.model.provenance import MEDIA_TYPE as IN_TOTO
from gitops.model.provenance import PREDICATE

PREDICATE_TYPE = "in-toto.io/predicate-type"
"""The annotation by which tools tell statements apart."""


class OciAttester:
    """Satisfies `Attester`."""

    def __init__(self, auths: Auths, client: SdkClient, engine: Engine) -> None:
        self._referrers = OciReferrers(auths)
        self._client = client
        self._engine = engine

    def provenance(self, image: ImageRef, statement: bytes) -> None:
        """Attach an in-toto statement; see `Attester`."""
        said = {PREDICATE_TYPE: PREDICATE}
        self._referrers.attach(image, Artifact(IN_TOTO, IN_TOTO, statement, said))

    def sbom(self, image: ImageRef, date: float) -> None:
        """Attach the list of packages; see `Attester`."""
        document = self._document(image, date)
        self._referrers.attach(image, Artifact(CYCLONEDX, CYCLONEDX, document))

    def _document(self, image: ImageRef, date: float) -> bytes:
        # By its digest: the tag of another build may have moved meanwhile.
        local = f"{image.repository}@{image.digest}"
        try:
            return make_sbom(self._client, local, image, date)
        except DriverError as error:
            if error.kind is not ErrorKind.MISSING:
                raise
        # Several platforms, or a run whose image is gone: nothing was left on the engine.
        self._engine.pull(ImageRef(image.repository, digest=image.digest), lambda _line: None)
        return make_sbom(self._client, local, image, date)
