"""What the engine tells of a container's end, on a real engine."""

from __future__ import annotations

import pytest
from engine_fixtures import Lab, eventually, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.model.webapp import Resources

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


def test_end_before_a_restart_is_known(lab: Lab) -> None:
    """One that was restarted and runs again still tells how it ended, and how long it ran."""
    script = "if [ -e /again ]; then sleep 60; fi; touch /again; sleep 1; exit 4"
    lab.engine.create_container(lab.container(command=("sh", "-c", script)), {})
    lab.engine.start(lab.name)
    eventually(lambda: lab.engine.state(lab.name).restarts == 1)
    eventually(lambda: lab.engine.state(lab.name).state == "running")
    state = lab.engine.state(lab.name)
    assert (state.exit_code, state.oom_killed) == (4, False)
    assert 0.9 < state.ran < 5


def test_limit_and_ports_are_told(lab: Lab) -> None:
    """The state has the memory limit that the container was given, and no end while it runs."""
    lab.engine.create_container(lab.container(resources=Resources(memory=64 << 20)), {})
    lab.engine.start(lab.name)
    state = lab.engine.state(lab.name)
    assert (state.memory, state.exposes, state.ran) == (64 << 20, (), 0.0)


def test_file_that_is_no_program_is_invalid(lab: Lab) -> None:
    """A command that is no program is the wish's fault, not a right that somebody could give."""
    lab.engine.create_container(lab.container(command=("/etc/passwd",)), {})
    with pytest.raises(DriverError, match="could not be started") as caught:
        lab.engine.start(lab.name)
    assert caught.value.kind is ErrorKind.INVALID
    assert "permission denied" in caught.value.detail
