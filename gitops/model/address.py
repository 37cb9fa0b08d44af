"""The one name of a resource, the same in plans, logs, labels and commands."""

from __future__ import annotations

from typing import NamedTuple

KINDS = ("Target", "Registry", "Repository", "BuildTask", "WebApp")
"""Every kind of the language, in the order in which one may need another."""


class Address(NamedTuple):
    """`Kind/name`, as a user types and reads it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def of_stranger(self) -> bool:
        """Say whether it is a pull request (`BuildTask/shop@pr-7`): its failures are its own."""
        return "@pr-" in self.name


def parse_address(text: str) -> Address:
    """Return the address that `text` ("WebApp/shop") spells.

    The kind may be written in any case. Raises `ValueError` with a sentence for the user.
    """
    kind, slash, name = text.partition("/")
    known = {known.lower(): known for known in KINDS}
    if not slash or not name or kind.lower() not in known:
        raise ValueError(
            f"{text!r} is not an address: write Kind/name with a kind of {', '.join(KINDS)}"
        )
    return Address(known[kind.lower()], name)
