"""The protocols that drivers satisfy, and the one error that they raise.

The pipeline knows these and no driver. Readers change nothing outside; everything that writes is in
a protocol of its own, so that a type tells what may happen.
"""

from __future__ import annotations

from gitops.drivers.base.building import (
    HIDDEN_DOCKERFILE,
    Ability,
    Attester,
    BaseFollower,
    BuildContext,
    Builder,
    BuildJob,
    CacheUse,
    ReadContext,
    RegistryClient,
    SourceReader,
)
from gitops.drivers.base.certificates import CertificateIssuer, Issued, Vault
from gitops.drivers.base.engine import (
    Engine,
    EngineEvent,
    EngineReader,
    EngineWatcher,
    LeaseKeeper,
    NoteKeeper,
    Usage,
)
from gitops.drivers.base.errors import Cancel, DriverError, ErrorKind, Output
from gitops.drivers.base.gateway import GatewayReader, GatewayWriter, Upstream
from gitops.drivers.base.secrets import SecretReader
from gitops.drivers.base.tasking import (
    UNNAMED,
    Leftover,
    RunMark,
    Sink,
    StepContainer,
    StepEnd,
    StepImage,
    StepMount,
    TaskEngine,
    image_of,
    marker_of,
)

__all__ = [
    "HIDDEN_DOCKERFILE",
    "UNNAMED",
    "Ability",
    "Attester",
    "BaseFollower",
    "BuildContext",
    "BuildJob",
    "Builder",
    "CacheUse",
    "Cancel",
    "CertificateIssuer",
    "DriverError",
    "Engine",
    "EngineEvent",
    "EngineReader",
    "EngineWatcher",
    "ErrorKind",
    "GatewayReader",
    "GatewayWriter",
    "Issued",
    "LeaseKeeper",
    "Leftover",
    "NoteKeeper",
    "Output",
    "ReadContext",
    "RegistryClient",
    "RunMark",
    "SecretReader",
    "Sink",
    "SourceReader",
    "StepContainer",
    "StepEnd",
    "StepImage",
    "StepMount",
    "TaskEngine",
    "Upstream",
    "Usage",
    "Vault",
    "image_of",
    "marker_of",
]
