"""Who we are to a registry, as an engine wants to be told: the header X-Registry-Auth.

https://docs.docker.com/reference/api/engine/version/v1.41/ "Authentication"
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.builders.docker_config import Endpoint
from gitops.model.image import registry_of


def registry_header(endpoint: Endpoint, repository: str) -> dict[str, str]:
    """Return the header for the registry of an image: our credentials, or else the user's own.

    Raises DENIED when the user's credential helper fails.
    """
    host, _ = registry_of(repository)
    if host in endpoint.auths:
        username, password = endpoint.auths[host]
        login: Mapping[str, str] = {
            "username": username,
            "password": password.reveal(),
            "serveraddress": host,
        }
    else:
        login = _own(endpoint, host)
    # A push without the header is refused, even where nobody has to log in.
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login).encode()).decode()}


def _own(endpoint: Endpoint, host: str) -> Mapping[str, str]:
    file = endpoint.home / "config.json"
    if not file.is_file():
        return {}
    from docker import auth  # noqa: PLC0415 - 110 ms, only where somebody has logged in
    from docker.errors import DockerException  # noqa: PLC0415 - the same

    try:
        config = auth.load_config(str(file), credstore_env=dict(endpoint.environ))
        return auth.resolve_authconfig(config, host) or {}
    except (DockerException, OSError, ValueError) as error:
        what = f"the credentials for {host} could not be read"
        raise DriverError(ErrorKind.DENIED, what, f"{file}: {error}") from error
