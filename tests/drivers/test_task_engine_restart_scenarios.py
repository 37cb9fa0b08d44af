"""An engine that ends, well or badly, while a step runs on it; and what is swept up after it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from engine_fixtures import discard, discard_code
from support.own_engine import OwnEngine, why_not
from task_engine_fixtures import open_shop

from gitops.drivers.base import DriverError, ErrorKind, RunMark
from gitops.drivers.processes import is_gone, this_host, this_process
from gitops.engine.tasks.sweeping import sweep

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("own-engine")]


@pytest.fixture(scope="module")
def own_engine() -> Iterator[OwnEngine]:
    """Give an engine that may be stopped, with busybox."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    made = OwnEngine("100m")
    try:
        saved = subprocess.run(
            ["docker", "save", "busybox:latest"], stdout=subprocess.PIPE, check=True, timeout=60
        )
        environ = {**os.environ, "DOCKER_HOST": made.address}
        load = ["docker", "load", "--quiet"]
        subprocess.run(load, input=saved.stdout, env=environ, check=True, timeout=60)
        yield made
    finally:
        made.close()


def test_engine_that_is_stopped_is_no_end_of_a_step(own_engine: OwnEngine) -> None:
    """A step whose engine is stopped has not succeeded; afterwards, all of it can go."""
    heard = Event()

    def put_away() -> None:
        heard.wait(20)
        own_engine.stop()

    with open_shop(own_engine.address) as far:
        # It ends well when it is asked to: that must not be taken for the end of its work.
        script = "trap 'exit 0' TERM; echo on; while :; do usleep 50000; done"
        made = far.engine.create(far.step("sh", "-c", script))
        ending = Thread(target=put_away)
        ending.start()
        with pytest.raises(DriverError) as caught:
            far.engine.run(made, lambda _text: heard.set(), Event())
        ending.join(60)
        assert caught.value.kind is ErrorKind.UNREACHABLE
        own_engine.start()
        assert far.left() == [("container", far.name)]
        far.engine.remove(made)
        assert far.left() == []


def test_sweep_takes_what_the_dead_left(own_engine: OwnEngine) -> None:
    """After a run died, the next one finds containers, networks and volumes, and removes them."""
    # On an engine of its own: the runs of other tests sweep the shared one.
    with open_shop(own_engine.address) as shop:
        dead = RunMark(f"{shop.name}-dead", "p", this_host(), "999999999:1")
        lives = dead._replace(run=f"{shop.name}-lives", process=this_process())
        for mark in (dead, lives):
            name = mark.run
            shop.engine.create_network(name, "bridge", mark)
            shop.engine.create_volume(name, mark)
            step = shop.step("sleep", "600")._replace(name=name, mark=mark, network=name)
            shop.engine.detach(shop.engine.create(step), discard, discard_code)
        told = sweep(shop.engine, tuple, lambda mark: is_gone(mark.host, mark.process))
        assert told == tuple(f"{kind} {dead.run} of run {dead.run}" for kind in KINDS)
        left = [(one.kind, one.name) for one in shop.engine.leftovers()]
        assert left == [(kind, lives.run) for kind in KINDS]
        shop.engine.remove(lives.run)
        shop.engine.remove_network(lives.run)
        shop.engine.remove_volume(lives.run)


KINDS = ("container", "network", "volume")
