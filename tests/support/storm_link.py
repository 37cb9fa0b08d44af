"""A connection of a storm's client: what comes of each request on it, in its bytes or its end."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable
from functools import cache

from support.http_answer import HttpAnswer, read_answer

Told = Callable[[HttpAnswer | str], None]


class Link(asyncio.Protocol):
    """One connection; tells what came of the request on it, once."""

    def __init__(self, told: Told, serial: Callable[[str], None]) -> None:
        self._told = told
        self._serial = serial
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._waits = False
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, and look at the certificate that the server showed."""
        self._transport = transport  # type: ignore[assignment]
        secure: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        shown = secure.getpeercert(binary_form=True) if secure else None
        if shown:
            self._serial(_serial_of(shown))

    def usable(self) -> bool:
        """Say whether a request can be sent: the other side may have ended it just now."""
        if self._transport is None or self._transport.is_closing():
            return False
        socket = self._transport.get_extra_info("socket")
        return not select.select([socket], [], [], 0)[0]

    def send(self, request: bytes) -> None:
        """Send a request; `told` gets its answer, or why there is none."""
        self._data = b""
        self._waits = True
        if self._lost:  # as soon as it was made
            self.connection_lost(None)
        elif self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._data = self._data + data if self._data else data
        self._look(ended=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._lost = True
        self._look(ended=True)
        if self._waits:
            cause = f"{type(exc).__name__}: {exc}" if exc else "the server ended the connection"
            part = "within an answer" if self._data else "before an answer"
            self._tell(f"{cause} {part}")

    def close(self, *, at_once: bool = False) -> None:
        """End it; nothing more is told."""
        self._waits = False
        if self._transport is not None:
            (self._transport.abort if at_once else self._transport.close)()

    def _look(self, *, ended: bool) -> None:
        if not self._waits:
            return
        try:
            answer = read_answer(self._data, ended=ended)
        except ValueError as error:
            self._tell(str(error))
            return
        if answer is not None:
            self._tell(answer)

    def _tell(self, what: HttpAnswer | str) -> None:
        self._waits = False
        self._told(what)


@cache
def _serial_of(certificate: bytes) -> str:
    """Return the serial number, in hex, of a certificate in DER."""
    from cryptography import x509  # noqa: PLC0415 - 70 ms, which most storms can do without

    return f"{x509.load_der_x509_certificate(certificate).serial_number:x}"
