from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from support.fakes import FakeLeases

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine import leasing
from gitops.engine.leasing import Busy, Claim, holding
from gitops.model.lease import Lease

OURS = Lease("ours", "me", "here", "1:1", "a test")
THEIRS = Lease("theirs", "ci", "there", "2:2", "reconcile", since=1000.0)


def claim(*, wait: bool = True, told: Callable[[str, Lease], None] | None = None) -> Claim:
    return Claim("shop", OURS, wait, told or (lambda _target, _holder: None))


def test_lease_is_held_while_the_body_runs() -> None:
    """The lease is taken before the body and given back after it."""
    keeper = FakeLeases()
    with holding({"local": keeper}, claim(), Event()):
        assert keeper.held == OURS
    assert keeper.held is None


def test_lease_is_given_back_after_an_error() -> None:
    """A body that raises does not keep the lease."""
    keeper = FakeLeases()
    with pytest.raises(ZeroDivisionError), holding({"local": keeper}, claim(), Event()):
        raise ZeroDivisionError
    assert keeper.held is None


def test_busy_at_once_without_waiting() -> None:
    """Who does not wait is told at once who holds it."""
    keeper = FakeLeases(THEIRS)
    body_ran = False
    with pytest.raises(Busy) as caught, holding({"local": keeper}, claim(wait=False), Event()):
        body_ran = True
    assert (caught.value.target, caught.value.holder) == ("local", THEIRS)
    assert keeper.calls == ["acquire"]
    assert not body_ran


def test_wait_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits is told once for whom, however often the lease is asked for."""
    monkeypatch.setattr(leasing, "_POLL", 0.0)
    keeper = FakeLeases(THEIRS, free_after=4)
    told: list[tuple[str, str]] = []
    waits = claim(told=lambda target, holder: told.append((target, holder.owner)))
    with holding({"local": keeper}, waits, Event()):
        assert keeper.held == OURS
    assert told == [("local", "ci")]
    assert keeper.calls.count("acquire") == 4


def test_cancel_ends_the_wait() -> None:
    """A wait for the lease ends when the run is called off."""
    cancel = Event()
    told = claim(told=lambda _target, _holder: cancel.set())
    with pytest.raises(Busy), holding({"local": FakeLeases(THEIRS)}, told, cancel):
        pass


def test_targets_are_taken_in_order_or_not_at_all() -> None:
    """Of several targets, those taken are given back when a later one is not to be had."""
    first, second = FakeLeases(), FakeLeases(THEIRS)
    keepers = {"b": second, "a": first}
    with pytest.raises(Busy) as caught, holding(keepers, claim(wait=False), Event()):
        pass
    assert caught.value.target == "b"
    assert first.calls == ["acquire", "release"]
    assert second.held == THEIRS


def test_lost_lease_calls_the_run_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody else has taken the lease, the run is called off, and fails."""
    monkeypatch.setattr(leasing, "_HEARTBEAT", 0.0)
    keeper = FakeLeases()
    keeper.lost = True
    lost = Event()
    with pytest.raises(DriverError) as caught, holding({"local": keeper}, claim(), lost):
        assert lost.wait(10)
    assert caught.value.kind is ErrorKind.CONFLICT
    assert "renew" in keeper.calls
