"""Opens connections to where a test aims, by TLS where it says so."""

from __future__ import annotations

import socket
import ssl

from support.storm_report import Aim


def connect(aim: Aim, timeout: float) -> socket.socket:
    """Return a connection to where `aim` points, by TLS if it says so."""
    plain = socket.create_connection((aim.address, aim.port), timeout)
    if not aim.tls:
        return plain
    try:
        return context(aim).wrap_socket(plain, server_hostname=aim.host)
    except OSError:
        plain.close()
        raise


def context(aim: Aim) -> ssl.SSLContext:
    """Return how a client of `aim` checks the server's certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if aim.ca:
        made.load_verify_locations(aim.ca)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
