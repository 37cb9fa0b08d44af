"""What containers of a Docker engine have written, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from gitops.drivers.engine.lines import lines
from gitops.drivers.engine.sdk_client import SdkClient

ALL: Literal["all"] = "all"
"""In place of a number of lines: from the first one on."""


def last_lines(client: SdkClient, container: str, tail: int) -> tuple[str, ...]:
    """Return the last `tail` lines."""
    with client.use(f"the log of container {container} could not be read") as api:
        text = api.logs(container, stdout=True, stderr=True, tail=tail)
    return tuple(text.decode(errors="replace").splitlines()[-tail:])


def follow(
    client: SdkClient, container: str, tail: int | Literal["all"], since: float = 0.0
) -> Iterator[str]:
    """Give its last `tail` lines, and then each line as it is written, until it ends.

    Lines from before `since` (seconds since 1970; 0 is no bound) are left out. Closing the iterator
    ends the call. Bytes that are no UTF-8 are replaced.
    """
    with client.use(f"the log of container {container} could not be read") as api:
        stream = api.logs(
            container,
            stdout=True,
            stderr=True,
            tail=tail,
            stream=True,
            follow=True,
            since=since or None,
        )
        try:
            yield from lines(stream)
        finally:
            # Its own `close` leaves the socket's file open, and does not work over SSH.
            response = stream._response  # type: ignore[attr-defined]  # noqa: SLF001
            response.close()


def journal(
    client: SdkClient, container: str, span: tuple[float, int | None], *, follow: bool
) -> Iterator[tuple[str, str]]:
    """Give (time, line) of what it wrote; with `follow` go on until it ends.

    `span` is since when (seconds since 1970; 0 is no bound), and how many of the last lines. Times
    are RFC 3339 in UTC with nine decimals, so that their order is that of their texts.
    """
    since, tail = span
    with client.use(f"the log of container {container} could not be read") as api:
        stream = api.logs(
            container,
            stdout=True,
            stderr=True,
            timestamps=True,
            tail=ALL if tail is None else tail,
            stream=True,
            follow=follow,
            since=since or None,
        )
        try:
            for line in lines(stream):
                time, _, text = line.partition(" ")
                yield time, text
        finally:
            response = stream._response  # type: ignore[attr-defined]  # noqa: SLF001
            response.close()
