"""A connection to an engine, wherever it is: a socket on which HTTP is spoken.

As the docker CLI makes it: https://docs.docker.com/engine/security/protect-access/
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from gitops.drivers.engine.stream import connect

_TLS_PORT = 2376


def dial(address: str, environ: Mapping[str, str]) -> socket.socket:
    """Connect to `unix://`, `tcp://` (with TLS where DOCKER_TLS_VERIFY is set), or `ssh://`.

    Certificates are those of DOCKER_CERT_PATH (`~/.docker`). Raises OSError.
    """
    scheme = urlsplit(address).scheme
    if scheme == "ssh":
        return _through_ssh(address, environ)
    if scheme == "https" or (scheme == "tcp" and environ.get("DOCKER_TLS_VERIFY")):
        return _with_tls(address, environ)
    return connect(address)


def _with_tls(address: str, environ: Mapping[str, str]) -> socket.socket:
    import ssl  # noqa: PLC0415 - 30 ms, remote engines only

    url = urlsplit(address)
    home = Path(environ.get("HOME") or Path.home())
    folder = Path(environ.get("DOCKER_CERT_PATH") or home / ".docker")
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
    host = url.hostname or "localhost"
    plain = connect(f"tcp://{url.netloc}" if url.port else f"tcp://{url.netloc}:{_TLS_PORT}")
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _through_ssh(address: str, environ: Mapping[str, str]) -> socket.socket:
    """Let the machine's own `ssh` carry the bytes; it ends with our side of the pair."""
    url = urlsplit(address)
    options = [*(("-l", url.username) if url.username else ())]
    options += ["-p", str(url.port)] if url.port else []
    # After `--` a host that begins with a dash is no option.
    command = ["ssh", *options, "--", url.hostname or "localhost", "docker system dial-stdio"]
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env=dict(environ),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    # Somebody has to wait for it, or it would stay as a zombie.
    Thread(target=process.wait, name=f"ssh to {url.hostname}", daemon=True).start()
    return ours
