"""Group commit: changes that wait for the same gateway are made by one reload."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.routes import Route

Changes = Mapping[str, Route | None]
"""The new route of each app; none takes it away."""


class _Ticket:
    """One caller's changes, and what became of them."""

    __slots__ = ("changes", "error", "revision")

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.revision = ""
        self.error: DriverError | None = None

    @property
    def settled(self) -> bool:
        return bool(self.revision) or self.error is not None


_REST = 1.0
"""Times as long as a reload took until the next one: many deployments at once then share reloads,
which otherwise cost more than the containers that they start."""


class GroupCommit:
    """Hands changes to `apply`, which is never run twice at a time: first in works for all."""

    def __init__(self, apply: Callable[[Changes], str]) -> None:
        self._apply = apply
        self._next = 0.0
        self._turn = Lock()
        self._queue_lock = Lock()
        self._queue: list[_Ticket] = []

    def submit(self, changes: Changes) -> str:
        """Return the revision that holds `changes`; raise the `DriverError` that they met."""
        ticket = _Ticket(changes)
        with self._queue_lock:
            self._queue.append(ticket)
        try:
            with self._turn:
                if not ticket.settled:
                    self._commit()
        finally:
            with self._queue_lock:
                self._queue.remove(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.revision

    def _commit(self) -> None:
        time.sleep(max(0.0, self._next - time.monotonic()))
        with self._queue_lock:
            waiting = list(self._queue)
        started = time.monotonic()
        self._settle(waiting)
        ended = time.monotonic()
        self._next = ended + _REST * (ended - started)

    def _settle(self, tickets: Sequence[_Ticket]) -> None:
        unsettled = [ticket for ticket in tickets if not ticket.settled]
        try:
            merged = {app: route for each in unsettled for app, route in each.changes.items()}
            revision = self._apply(merged)
        except DriverError as error:
            if error.kind is ErrorKind.INVALID and len(unsettled) > 1:
                # One caller's mistake must not fail the others: each is tried by itself.
                for ticket in unsettled:
                    self._settle([ticket])
                return
            for ticket in unsettled:
                ticket.error = error
        else:
            for ticket in unsettled:
                ticket.revision = revision
