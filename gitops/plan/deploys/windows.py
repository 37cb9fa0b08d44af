"""Windows: when an app may be changed, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gitops.model.webapp import Window


def closed(windows: Sequence[Window], now: float) -> str:
    """Return why nothing may be changed at `now` (seconds since 1970), or an empty string.

    A window that denies wins. Without one that allows, what no window denies is allowed.
    """
    for window in windows:
        until = _open_until(window, now)
        if not window.allow and until:
            return f"a window ({window.cron}) forbids changes until {_said(until, window)}"
    allowing = [window for window in windows if window.allow]
    if not allowing or any(_open_until(window, now) for window in allowing):
        return ""
    following = min(allowing, key=lambda window: _next(window, now))
    return f"the next window ({following.cron}) opens {_said(_next(following, now), following)}"


def reopens(windows: Sequence[Window], now: float) -> float:
    """Return the next moment at which a window opens or ends; none is infinity."""
    moments = [_open_until(window, now) or _next(window, now) for window in windows]
    return min(moments, default=float("inf"))


def _open_until(window: Window, now: float) -> float:
    """Return when the window that is open at `now` ends; 0 when none is."""
    started = _previous(window, now)
    ends = started + window.duration
    return ends if started and ends > now else 0.0


def _previous(window: Window, now: float) -> float:
    from cronsim import CronSim  # noqa: PLC0415 - few apps have windows

    zone = ZoneInfo(window.time_zone)
    at = datetime.fromtimestamp(now, zone) + timedelta(seconds=1)
    found = next(CronSim(window.cron, at, reverse=True), None)
    return found.timestamp() if found is not None else 0.0


def _next(window: Window, now: float) -> float:
    from cronsim import CronSim  # noqa: PLC0415 - few apps have windows

    zone = ZoneInfo(window.time_zone)
    found = next(CronSim(window.cron, datetime.fromtimestamp(now, zone)), None)
    return found.timestamp() if found is not None else float("inf")


def _said(moment: float, window: Window) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(window.time_zone)).strftime("%Y-%m-%d %H:%M %Z")
