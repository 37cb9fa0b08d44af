"""An ACME authority that asks a web server of the test's, which answers what a driver tells it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from registry_servers import Asked, Reply, serving
from support.pebble import Authority, Ports, authority, free_ports, write_root

from gitops.model.resources import Acme
from gitops.model.secret import FileSecret

CHALLENGE = "/.well-known/acme-challenge/"


class Answers:
    """A web server at the hosts: what it was told to answer, and what it was asked."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.asked: list[Asked] = []

    def __call__(self, tokens: Mapping[str, str]) -> None:
        """Answer these tokens from now on, as an issuer's `answer` does."""
        self.told.append(dict(tokens))

    def reply(self, request: Asked) -> Reply:
        """Answer a request as the gateway has to."""
        token = request.path.removeprefix(CHALLENGE)
        text = self.told[-1].get(token) if self.told else None
        self.asked.append(request)
        return Reply(404) if text is None else Reply(200, {}, text.encode())


class Pebble(NamedTuple):
    """A running authority: how to reach it, and the web server that it asks."""

    acme: Acme
    answers: Answers
    authority: Authority

    def root(self) -> bytes:
        """Return the root (PEM) of what it signs."""
        return self.authority.signer()


@contextmanager
def pebble(**environment: str) -> Iterator[Pebble]:
    """Run the authority, with more environment variables (PEBBLE_...) if wanted."""
    answers = Answers()
    with (
        tempfile.TemporaryDirectory(prefix="gitops-pebble-root-") as folder,
        serving(answers.reply) as (web, _),
    ):
        root = write_root(Path(folder))
        ports = Ports(*free_ports(2))
        with authority(root, ports, int(web.partition(":")[2]), **environment) as found:
            acme = Acme(found.directory, "ops@example.com", FileSecret(str(root)))
            yield Pebble(acme, answers, found)
