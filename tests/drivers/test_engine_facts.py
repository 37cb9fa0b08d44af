"""What an engine tells of itself, on a real one."""

from __future__ import annotations

import pytest
from engine_fixtures import ADDRESS, Lab, lab
from support.scenario import free_port

from gitops.drivers.engine.facts import engine_facts
from gitops.model.checkup import Holder
from gitops.model.wanted import PublishedPort

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def test_engine_tells_its_version_clock_and_ports(lab: Lab) -> None:
    """The facts have the version, both clocks, the data folder, and who holds which port."""
    port = free_port()
    wanted = lab.container(ports=(PublishedPort("127.0.0.1", port, 80),))
    lab.engine.create_container(wanted, {})
    lab.engine.start(wanted.name)
    facts = engine_facts(lab.http, ADDRESS)
    assert tuple(map(int, facts.api.split("."))) >= (1, 41)
    assert facts.version
    assert facts.root.startswith("/")
    assert abs(facts.clock - facts.ours) < 60
    mine = next(one for one in facts.containers if one.name == lab.name)
    assert mine == Holder(lab.name, lab.name, wanted.owner, running=True, ports=frozenset({port}))
