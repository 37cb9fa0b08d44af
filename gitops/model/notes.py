"""What is kept with the engine's objects, so that another machine, or no database, knows it too."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address

HISTORY = "history"
"""The topic of an app's last good revisions."""

HOLD = "hold"
"""The topic of a wish that sticks: a rollback, a swap, a stop."""

STOP = "stop"
"""The topic of the wish that an app does not run for now."""

SCALE = "scale"
"""The topic of the number of replicas that autoscaling chose."""

CERTIFICATE = "certificate"
"""The topic of the certificate that an app's hosts were given."""


RUN = "run"
"""The topic of the inputs that a task without an image has run with: nothing else tells it."""


class Note(NamedTuple):
    """A text about something, by topic and name; of two versions the higher one holds."""

    topic: str
    name: str
    version: int
    text: str

    @property
    def owner(self) -> Address:
        """The resource that it is about."""
        return Address("BuildTask" if self.topic == RUN else "WebApp", self.name)
