from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from gitops.engine.watch import wakeups
from gitops.engine.watch.wakeups import Wakeups


class Stage:
    """A condition whose waits let time pass, in which wake-ups come when they are due."""

    def __init__(self, events: Sequence[tuple[float, str]], quiet: float) -> None:
        self.now = 0.0
        self.rung = Wakeups()
        self._events = list(events)
        self._quiet = quiet
        self.rung._changed = self  # type: ignore[assignment]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def notify_all(self) -> None:
        """Do nothing: there is one thread."""

    def wait(self, timeout: float) -> None:
        """Let time pass until the next wake-up or the end of the timeout."""
        if self._events and self._events[0][0] <= self.now + timeout:
            self.now, reason = self._events.pop(0)
            self.rung.wake(reason, quiet=self._quiet)
        else:
            self.now += timeout


def stage(
    monkeypatch: pytest.MonkeyPatch, events: Sequence[tuple[float, str]], quiet: float = 0.3
) -> Stage:
    made = Stage(events, quiet)
    monkeypatch.setattr(wakeups, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_ten_saves_are_one_wakeup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten wake-ups within 200 ms are answered once, after the quiet time has passed."""
    saves = [(1 + 0.02 * number, f"file {number}") for number in range(10)]
    made = stage(monkeypatch, saves)
    assert made.rung.wait(60.0, 3.0) == tuple(f"file {number}" for number in range(10))
    assert made.now == pytest.approx(1.18 + 0.3)
    assert made.rung.wait(60.0, 3.0) == ()


def test_same_reason_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason that comes twice is told once."""
    made = stage(monkeypatch, [(1, "a"), (1.1, "b"), (1.2, "a")])
    assert made.rung.wait(60.0, 3.0) == ("a", "b")


def test_endless_stream_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wake-ups that do not end are answered after the longest time all the same."""
    made = stage(monkeypatch, [(0.1 * number, "log") for number in range(1, 1000)])
    assert made.rung.wait(60.0, 3.0) == ("log",)
    assert made.now == pytest.approx(3.1, abs=0.11)


def test_nothing_comes_back_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a wake-up the wait ends at its time, with no reasons."""
    made = stage(monkeypatch, [])
    assert made.rung.wait(10.0, 3.0) == ()
    assert made.now == pytest.approx(10.0)


def test_wakeup_without_quiet_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wake-up that asks for no quiet, such as the end of a part, is answered at once."""
    made = stage(monkeypatch, [(2, "a part ended")], quiet=0.0)
    assert made.rung.wait(60.0, 3.0) == ("a part ended",)
    assert made.now == pytest.approx(2.0)


def test_wakeup_before_the_wait_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wake-up that comes while nobody waits is answered by the next wait."""
    made = stage(monkeypatch, [])
    made.rung.wake("early")
    assert made.rung.wait(60.0, 3.0) == ("early",)
