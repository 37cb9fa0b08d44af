"""Valid documents to resources: defaults applied, units plain, paths absolute.

A document comes here only when it fits its schema. What a schema cannot say (a path that leaves its
folder, a placeholder that nobody fills, a day that is not in the calendar) is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops.model.address import Address
from gitops.model.metadata import Metadata, Suspend
from gitops.model.resources import Resource
from gitops.spec.decode.app import decode_app
from gitops.spec.decode.place import decode_registry, decode_repository, decode_target
from gitops.spec.decode.task import decode_task
from gitops.spec.findings import shown
from gitops.spec.scope import EMPTY, Scope, Spec, texts
from gitops.spec.units import moment

_DECODERS: Mapping[str, Callable[[Address, Metadata, Spec, Scope], Resource]] = {
    "Target": decode_target,
    "Registry": decode_registry,
    "Repository": decode_repository,
    "BuildTask": decode_task,
    "WebApp": decode_app,
}

_BARE = Metadata(EMPTY, EMPTY)


def decode(document: Spec, scope: Scope) -> Resource:
    """Return the resource of a valid document; findings go to the scope."""
    kind: str = document["kind"]
    metadata = document["metadata"]
    spec: Spec = document.get("spec", EMPTY)
    address = Address(kind, metadata["name"])
    return _DECODERS[kind](address, _metadata(metadata, spec, scope), spec, scope)


def _metadata(metadata: Spec, spec: Spec, scope: Scope) -> Metadata:
    suspend = _suspend(spec["suspend"], scope) if "suspend" in spec else None
    if suspend is None and len(metadata) == 1:
        return _BARE
    return Metadata(
        texts(metadata.get("labels", EMPTY)), texts(metadata.get("annotations", EMPTY)), suspend
    )


def _suspend(found: bool | Spec, scope: Scope) -> Suspend | None:  # noqa: FBT001 - the YAML's own
    if isinstance(found, bool):
        return Suspend() if found else None
    until = 0.0
    if "until" in found:
        try:
            until = moment(found["until"])
        except (ValueError, OverflowError):
            scope.complain(
                ("spec", "suspend", "until"),
                f"{shown(found['until'])} is not in the calendar",
                "write a day that exists, such as 2030-02-28",
            )
    return Suspend(found.get("reason", ""), found.get("by", ""), until)
