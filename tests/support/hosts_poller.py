"""Asks many hosts of one gateway all the time, and tells every answer that is another app's.

`python hosts_poller.py PORT HOST=TEXT...` asks each HOST without a pause between two rounds; an
answer with status 200 has to begin with TEXT. A line that says `look` on its input is answered by a
`Seen` as JSON; it ends when its input does. It stands alone, so that it can run in another network
namespace, where it asks from the first moment at which anything listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

PAUSE = 0.005
PATIENCE = 5.0


class Seen(NamedTuple):
    """How often each host was answered rightly, how often not at all, and each wrong answer."""

    right: dict[str, int]
    none: dict[str, int]
    wrong: list[str]


class HostsPoller:
    """The poller as a process, while the body of a `with` runs."""

    def __init__(self, port: int, expected: Mapping[str, str], within: Sequence[str] = ()) -> None:
        pairs = [f"{host}={text}" for host, text in expected.items()]
        self._process = subprocess.Popen(
            [*within, sys.executable, __file__, str(port), *pairs],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def look(self) -> Seen:
        """Return what was seen so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        return Seen(*json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        self.look()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Poller:
    """Asks one host after the other, each with a connection of its own."""

    def __init__(self, port: int, expected: Mapping[str, str]) -> None:
        self._port = port
        self._expected = expected
        self._right: Counter[str] = Counter()
        self._none: Counter[str] = Counter()
        self._wrong: list[str] = []

    async def run(self, host: str) -> None:
        """Ask one host until the process ends."""
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    self._judge(host, await self._ask(host))
            except (OSError, TimeoutError):
                self._none[host] += 1
            await asyncio.sleep(PAUSE)

    def obey(self) -> None:
        """Answer a line of the input; end when it does."""
        said = os.read(0, 1000)
        if not said:
            os._exit(0)
        for _ in range(said.count(b"look\n")):
            print(json.dumps(Seen(self._right, self._none, self._wrong)), flush=True)  # noqa: T201 - that is how it reports

    async def _ask(self, host: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return (await reader.read()).decode(errors="replace")
        finally:
            writer.close()

    def _judge(self, host: str, answer: str) -> None:
        head, _, body = answer.partition("\r\n\r\n")
        if not head.startswith("HTTP/1.1 200"):
            self._none[host] += 1
        elif body.startswith(f"{self._expected[host]} "):
            self._right[host] += 1
        else:
            self._wrong.append(f"{host} was answered {body[:80]!r}")


async def main(port: int, expected: Mapping[str, str]) -> None:
    """Ask all hosts until the input ends."""
    poller = Poller(port, expected)
    asyncio.get_running_loop().add_reader(0, poller.obey)
    await asyncio.gather(*map(poller.run, expected))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), dict(pair.split("=", 1) for pair in sys.argv[2:])))
