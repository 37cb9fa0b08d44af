"""What strangers write moves no cursor of a terminal that shows it."""

from __future__ import annotations

import pytest

from gitops.model.shown import plain, plain_lines, tame

CLEAR, RED, PLAIN = "\x1b[2J", "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        (CLEAR, "\\x1b[2J"),
        ("\u202eabc", "\\u202eabc"),
        ("\udcff", "\\udcff"),
        ("größe", "größe"),
    ],
)
def test_a_name_is_one_line_without_control(text: str, shown: str) -> None:
    """Each control character of a name is written out, and what is none stays."""
    assert plain(text) == shown


def test_a_message_has_lines_and_no_colours() -> None:
    """Lines and tabs of a message stay, its colours go, all other control is written out."""
    assert plain_lines(f"{RED}bad{PLAIN}\n\tline {CLEAR}\x07") == "bad\n\tline \\x1b[2J\\x07"


def test_lines_of_a_log_keep_their_colours() -> None:
    """A log is coloured as it was; nothing of it writes over other lines."""
    told = f"{RED}ok{PLAIN}\r\nhidden\rover\x1b]0;title\x07\n"
    assert tame(told) == f"{RED}ok{PLAIN}\nhidden\\rover\\x1b]0;title\\x07\n"
