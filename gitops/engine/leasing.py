"""One reconciler at a time: holds the lease of every engine that a run changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind, LeaseKeeper
from gitops.model.lease import Lease

_HEARTBEAT = 15.0
_POLL = 0.25


class Busy(Exception):  # noqa: N818 - it is a state of the world, not an error of the program
    """Somebody else holds the lease, and the caller does not want to wait."""

    def __init__(self, target: str, holder: Lease) -> None:
        super().__init__(target, holder)
        self.target = target
        self.holder = holder


class Claim(NamedTuple):
    """Who wants the lease, whether they wait for it, and who is told for whom they wait."""

    project: str
    lease: Lease
    wait: bool
    waiting: Callable[[str, Lease], None]


@contextmanager
def holding(keepers: Mapping[str, LeaseKeeper], claim: Claim, lost: Event) -> Iterator[None]:
    """Hold the lease of each target while the body runs; `lost` is raised when one is taken away.

    Targets are taken in the order of their names, so that two runs cannot wait for each other.
    Raises `Busy` at once when the caller does not wait, and CONFLICT at the end if it was taken
    away meanwhile.
    """
    with ExitStack() as stack:
        for target, keeper in sorted(keepers.items(), key=lambda pair: pair[0]):
            _take(target, keeper, claim, lost)
            stack.callback(_give_back, keeper, claim)
        beat = _Heartbeat(keepers, claim, lost)
        beat.start()
        try:
            yield
        finally:
            beat.stop()
        if beat.taken is not None:
            raise beat.taken


def _take(target: str, keeper: LeaseKeeper, claim: Claim, cancel: Event) -> None:
    told = ""
    while True:
        holder = keeper.acquire(claim.project, claim.lease)
        if holder.id == claim.lease.id:
            return
        if not claim.wait or cancel.is_set():
            raise Busy(target, holder)
        if holder.id != told:
            claim.waiting(target, holder)
            told = holder.id
        cancel.wait(_POLL)


def _give_back(keeper: LeaseKeeper, claim: Claim) -> None:
    try:
        keeper.release(claim.project, claim.lease)
    except DriverError as error:
        # An engine that is gone now holds nothing that could be in anybody's way; the lease runs
        # out by itself.
        if error.kind is not ErrorKind.UNREACHABLE:
            raise


class _Heartbeat(Thread):
    """Renews the leases until it is stopped; `taken` tells that one is somebody else's by now."""

    def __init__(self, keepers: Mapping[str, LeaseKeeper], claim: Claim, lost: Event) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.taken: DriverError | None = None
        self._keepers = keepers
        self._claim = claim
        self._lost = lost
        self._ended = Event()

    def run(self) -> None:
        """Renew in time; what cannot be reached now may be reached at the next beat."""
        while self.taken is None and not self._ended.wait(_HEARTBEAT):
            for keeper in self._keepers.values():
                self._renew(keeper)

    def stop(self) -> None:
        """End, and wait until it has ended."""
        self._ended.set()
        self.join()

    def _renew(self, keeper: LeaseKeeper) -> None:
        try:
            keeper.renew(self._claim.project, self._claim.lease)
        except DriverError as error:
            if error.kind is ErrorKind.CONFLICT:
                self.taken = error
                self._lost.set()
