"""One page about a resource: what is wanted, what runs, what stands in the way and what to do."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.conditions import Condition
from gitops.model.records import EventRecord
from gitops.model.revisions import Hold


class Running(NamedTuple):
    """A container of the resource. `status` is the engine's word, such as `Up 5 minutes`.

    `revision` is the commit or digest in short, `routed` says that requests reach it, `gateway`
    what the gateway's checks say (empty: not asked). `restarts` is -1 when it is not known.
    `cause` and `todo` say why it does not run as it should; `log` are its last lines then.
    """

    name: str
    state: str
    status: str
    revision: str
    routed: bool
    gateway: str = ""
    restarts: int = -1
    cause: str = ""
    todo: str = ""
    log: tuple[str, ...] = ()


class Failure(NamedTuple):
    """What went wrong last, in plain words; `time` is seconds since 1970, 0 when that is not known.

    `run` and `step` are of the run in which it did, if that is still known, `action` is the step's
    name, `what` its words. `exit_code` is empty when nothing ended; `facts` is what else was told.
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


class Explanation(NamedTuple):
    """The page. `since` is when what blocks it began, 0 when that is not known.

    `wanted` is the image (of what has no container: the revision), `commit` what that was built
    from, `replicas` how many of it. `next_step` is what the next run would do first. `remembered`
    says whether this machine has a history of the project. `killed` is when the engine lately ended
    one of its containers for its memory.
    """

    address: Address
    ready: Condition
    url: str
    wanted: str
    commit: str
    replicas: int
    since: float
    running: tuple[Running, ...]
    held: Hold | None
    next_step: str
    failure: Failure | None
    todo: tuple[str, ...]
    remembered: bool
    killed: EventRecord | None = None
