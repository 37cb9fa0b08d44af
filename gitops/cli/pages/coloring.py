"""The colours that tell several logs apart."""

from __future__ import annotations

_COLORS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


def color_of(number: int) -> str:
    """Return the name of a colour for the source of that number."""
    return _COLORS[number % len(_COLORS)]
