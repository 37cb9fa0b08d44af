from __future__ import annotations

import io
from contextlib import redirect_stdout
from threading import Thread

import pytest
from support.steps import plan, start

from gitops.cli.pages.live import LiveReporter
from gitops.model.outcomes import Done, Skipped, Stalled


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what takes the output of a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    return io.StringIO()


def test_many_threads_report_at_once(screen: io.StringIO) -> None:
    """Steps that end at the same time do not stop each other, nor the clock at the bottom."""
    steps = [start(number) for number in range(1, 201)]
    with redirect_stdout(screen):
        reporter = LiveReporter(color=True)
        reporter.planned(plan(*steps))

        def work(mine: slice) -> None:
            for step in steps[mine]:
                reporter.began(step)
                reporter.line(step, "a line")
                reporter.ended(step, Done(), 0.1)

        threads = [Thread(target=work, args=(slice(at, None, 8),), daemon=True) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert screen.getvalue().count("✓") == 200


def test_log_is_shown_when_a_step_fails(screen: io.StringIO) -> None:
    """The log of a step that failed is shown, of one that ended well it is not."""
    with redirect_stdout(screen):
        reporter = LiveReporter(color=False)
        steps = [start(1), start(2), start(3, 2)]
        reporter.planned(plan(*steps))
        for step in steps:
            reporter.began(step)
            reporter.line(step, f"[log] of {step.number}")
        reporter.ended(steps[0], Done(), 0.1)
        reporter.ended(steps[1], Stalled("it broke", "exit code: 1"), 0.1)
        reporter.ended(steps[2], Skipped(2), 0.0)
    kept = [line for line in screen.getvalue().splitlines() if line.startswith("    ")]
    assert any("[log] of 2" in line for line in kept)
    assert not any("[log] of 1" in line for line in kept)
    assert "skipped: step 2 did not end well" in screen.getvalue()
