"""The names that a gateway's configuration and the ones who talk to it agree on."""

from __future__ import annotations

from typing import NamedTuple

CONFIG_FOLDER = "/usr/local/etc/haproxy"
CONFIG_FILE = f"{CONFIG_FOLDER}/haproxy.cfg"
"""Where the official image looks for it."""
CANDIDATE_FILE = f"{CONFIG_FOLDER}/candidate.cfg"
PORT = 8080
"""The port inside the container."""
TOKEN_VARIABLE = "GITOPS_PROBE_TOKEN"  # noqa: S105 - the variable's name
"""Names the container's variable with the secret of those who may probe, 16 characters or more."""


class Names(NamedTuple):
    """Header names and the path of the revision."""

    prefix: str = "x-gitops-probe"
    token: str = "x-gitops-probe-token"  # noqa: S105 - the header's name
    container: str = "x-gitops-probe-container"
    port: str = "x-gitops-probe-port"
    answered: str = "x-gitops-answered"
    revision_path: str = "/-/gitops/revision"
    routes_path: str = "/-/gitops/routes/"


NAMES = Names()
