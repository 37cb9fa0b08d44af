"""Says of an image where it comes from and what is in it, before it gets its exact name.

The exact name is what tells that nothing is left to do. An image that has it without what its task
asks for would stay without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops import __version__
from gitops.drivers.base import Attester, DriverError, Output
from gitops.model.image import ImageRef
from gitops.model.provenance import BuildInputs, BuildRun, Provenance, statement
from gitops.model.task_snapshots import BuildSnapshot

BUILDER = "pkg:pypi/gitops-reconciler"
"""Who builds, as a URI: https://github.com/package-url/purl-spec."""

KIND = f"{BUILDER}#BuildTask"
_WAITING = "unattested"
_DIGEST = "sha256:"


class NotAttestedError(DriverError):
    """The image is good and in the registry, but without a document that its task asks for."""


class Making(NamedTuple):
    """One making of an image: by which run, from what, from when to when (seconds since 1970).

    `bases` are digests that became known in the run itself: of what its steps have built on.
    """

    run: str
    snapshot: BuildSnapshot
    began: float
    ended: float
    bases: Mapping[str, str] = MappingProxyType({})


def attested(snapshot: BuildSnapshot) -> bool:
    """Say whether documents belong to the image. One of a pull request gets none."""
    wanted = snapshot.task.attest
    return (wanted.provenance or wanted.sbom) and not snapshot.image.pull


def waiting_name(image: ImageRef) -> ImageRef:
    """Return the name under which an image is pushed until its documents are there."""
    return ImageRef(image.repository, f"{image.tag}-{_WAITING}")


def attest(attester: Attester, making: Making, digest: str, output: Output) -> None:
    """Attach what the task asks for; raise `NotAttestedError` when that cannot be done."""
    image, wanted = making.snapshot.image, making.snapshot.task.attest
    named = ImageRef(image.ref.repository, image.ref.tag, digest)
    try:
        if wanted.provenance:
            attester.provenance(named, statement(provenance_of(making, named)))
            output(f"provenance attached to {named}")
        if wanted.sbom:
            attester.sbom(named, image.date or making.ended)
            output(f"list of packages attached to {named}")
    except DriverError as error:
        output(f"warning: {error}")
        raise NotAttestedError(error.kind, error.what, error.detail) from error


def provenance_of(making: Making, image: ImageRef) -> Provenance:
    """Return what is said of where an image comes from. No secret is among it."""
    wanted, task, source = making.snapshot.image, making.snapshot.task, making.snapshot.source
    inputs = BuildInputs(
        source=source.url or source.location,
        commit=wanted.commit,
        dockerfile=task.recipe,
        target=task.target,
        args=wanted.args,
        platforms=task.platforms,
        tree=source.tree,
    )
    known = {**wanted.inputs.bases, **making.bases}
    bases = {name: one for name, one in known.items() if one.startswith(_DIGEST)}
    run = BuildRun(KIND, BUILDER, making.run, making.began, making.ended, __version__)
    return Provenance((image,), inputs, bases, run)
