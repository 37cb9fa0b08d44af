"""The names that a gateway's configuration and the ones who talk to it agree on."""

from __future__ import annotations

from typing import NamedTuple

CONFIG_FOLDER = "/usr/local/etc/haproxy"
CONFIG_FILE = f"{CONFIG_FOLDER}/haproxy.cfg"
"""Where the official image looks for it."""
CANDIDATE_FILE = f"{CONFIG_FOLDER}/candidate.cfg"
STATE_FILE = f"{CONFIG_FOLDER}/servers.state"
"""Which servers were up and down when the configuration was written."""
CHALLENGES_FILE = f"{CONFIG_FOLDER}/challenges.map"
"""What is answered to a certificate authority, by path."""
CERTIFICATE_FOLDER = "/etc/gitops/certificates"
"""Where a volume is mounted that outlives the gateway's container: keys are not in its layers."""
PORT = 8080
"""The port inside the container."""
TLS_PORT = 8443
"""The port inside the container for HTTPS."""
CONNECT = 1.0
"""Seconds for a connection from the gateway to a container."""
TOKEN_VARIABLE = "GITOPS_PROBE_TOKEN"  # noqa: S105 - the variable's name
"""Names the container's variable with the secret of those who may probe, 16 characters or more."""
CHECK_AGENT = "gitops-check"
"""The User-Agent of the gateway's own checks, by which an app tells them from its users."""
AFFINITY_COOKIE = "GITOPS_AFFINITY"
SIDE_COOKIE = "GITOPS_SIDE"
"""With `_` and the app's name: on which side of a traffic split a client is."""
CHALLENGE_PATH = "/.well-known/acme-challenge/"
"""RFC 8555, 8.3."""


class Names(NamedTuple):
    """Header names, and the paths that are answered to those who have the token."""

    prefix: str = "x-gitops-probe"
    token: str = "x-gitops-probe-token"  # noqa: S105 - the header's name
    address: str = "x-gitops-probe-address"
    port: str = "x-gitops-probe-port"
    connect: str = "x-gitops-probe-connect"
    answered: str = "x-gitops-answered"
    own_paths: str = "/-/gitops/"
    revision_path: str = "/-/gitops/revision"
    routes_path: str = "/-/gitops/routes/"
    challenges_path: str = "/-/gitops/challenges"
    stats_path: str = "/-/gitops/stats"


NAMES = Names()


def crt_list(revision: str) -> str:
    """Return the file that lists the certificates of a revision (`crt-list` of a bind line)."""
    return f"{CONFIG_FOLDER}/certificates-{revision}.list"
