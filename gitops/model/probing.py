"""What was seen at the gate of a deployment, as facts that a diagnosis can be made of."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """What is wrong with an answer, or with getting one."""

    REFUSED = "refused"
    """Nothing listens on the port."""
    SILENT = "silent"
    """The address takes no connection."""
    BROKEN = "broken"
    """It took the connection and broke it, or what it said is not HTTP."""
    HUNG = "hung"
    """It took the connection and did not answer in time."""
    STATUS = "status"
    """It answered with another HTTP status than it should."""
    COMMAND = "command"
    """Its health command ends with another exit code than 0."""
    STARTING = "starting"
    """Its health command has not succeeded yet."""
    OTHER = "other"


class Trouble(NamedTuple):
    """Why a container that runs is not well; `text` is for people, `said` what it answered."""

    text: str
    fault: Fault = Fault.OTHER
    status: int = 0
    said: str = ""


class Diagnosis(NamedTuple):
    """What went wrong in one sentence, and what to do about it in one."""

    cause: str
    todo: str = ""


class Listener(NamedTuple):
    """A TCP port that something in a container listens on, for itself alone or for others too."""

    port: int
    loopback: bool


class GateReport(NamedTuple):
    """A container that did not pass the gate.

    `ended` says that its process did, else it ran until the deadline. `seconds` is how long it ran,
    as far as is known. `first` and `last` are troubles with it, `was_well` that it had none once.
    `exit_code`, `oom` and `memory` (its limit, 0 for none) are of the end. `listeners` is none when
    that could not be found out. `exposes` are the ports that its image names. `port` -1 is none.
    """

    container: str
    ended: bool
    seconds: float
    attempts: int
    port: int
    first: Trouble | None = None
    last: Trouble | None = None
    was_well: bool = False
    exit_code: int = 0
    oom: bool = False
    memory: int = 0
    error: str = ""
    listeners: tuple[Listener, ...] | None = None
    exposes: tuple[int, ...] = ()
    log: tuple[str, ...] = ()
