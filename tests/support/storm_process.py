"""The process of a storm: `python -m support.storm_process AIM SHAPE LONGEST`, the first two JSON.

It says `started` when the clients have begun. Each line on its input that says `look` is answered
by a report; it ends, with a last report, when the input does, so it cannot outlive its test.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time

from support.connecting import context
from support.storm_clients import Client, manners
from support.storm_record import Record
from support.storm_report import Aim, Shape

SWEEP = 0.25


async def storm(aim: Aim, shape: Shape, longest: float) -> None:
    """Run the clients until the input ends, `longest` seconds at most."""
    record = Record()
    tls = context(aim) if aim.tls else None
    clients = [Client(manner, aim, tls, record) for manner in manners(shape)]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, _obey, record, ended)
    _say("started")
    while not ended.is_set() and time.monotonic() < record.began + longest:
        try:
            await asyncio.wait_for(ended.wait(), SWEEP)
        except TimeoutError:
            now = time.monotonic()
            for client in clients:
                client.hurry(now)
    _say(record.report().text())
    # Not by way of the loop: what is still open belongs to nobody now.
    sys.stdout.flush()
    os._exit(0)


def _obey(record: Record, ended: asyncio.Event) -> None:
    said = os.read(0, 1000)
    if not said:
        ended.set()
    for _ in range(said.count(b"look\n")):
        _say(record.report().text())


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its output is how it reports


if __name__ == "__main__":
    # A collection stops all clients for a moment, and nothing here makes cycles that matter.
    gc.disable()
    asyncio.run(
        storm(Aim(*json.loads(sys.argv[1])), Shape(*json.loads(sys.argv[2])), float(sys.argv[3]))
    )
