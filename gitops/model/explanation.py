"""One page about a resource: what is wanted, what runs, what stands in the way and what to do."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.conditions import Condition


class Running(NamedTuple):
    """A container of the resource. `status` is the engine's word, such as `Up 5 minutes`.

    `revision` is the commit or digest in short. `gateway` is what the gateway says of it, empty
    when it is not asked; `restarts` is -1 when that could not be looked at. `cause` says why it
    does not run as it should, `log` its last lines then.
    """

    name: str
    state: str
    status: str
    revision: str
    routed: bool
    gateway: str = ""
    restarts: int = -1
    cause: str = ""
    log: tuple[str, ...] = ()


class Failure(NamedTuple):
    """What went wrong last; `time` is seconds since 1970, `action` the name of the step.

    `cause` and `todo` are in plain words, `facts` what else was told. `exit_code` is empty when
    nothing ended.
    """

    time: float
    run: str
    step: int
    action: str
    what: str
    cause: str
    todo: str = ""
    answer: str = ""
    exit_code: str = ""
    facts: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


class Held(NamedTuple):
    """A wish of a person that sticks, in words."""

    what: str
    by: str
    reason: str
    since: float


class Explanation(NamedTuple):
    """The page. `since` is when what blocks it began, 0 when that is not known.

    `wanted` is the image, with the commit if it is known, `replicas` 0 for what has none.
    `remembered` says whether this machine has a history at all.
    """

    address: Address
    ready: Condition
    wanted: str
    replicas: int
    url: str
    since: float
    running: tuple[Running, ...]
    held: tuple[Held, ...]
    failure: Failure | None
    todo: tuple[str, ...]
    remembered: bool
