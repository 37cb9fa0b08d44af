from __future__ import annotations

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.env_file import parse_env_file


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A=1\nB=two words\n", {"A": "1", "B": "two words"}),
        ("# a comment\n\n  \nA=1\r\n", {"A": "1"}),
        ("A=p#ss$word\\n", {"A": "p#ss$word\\n"}),
        ("A=\nB==x=\n", {"A": "", "B": "=x="}),
        ("export A=1\n A = 2 \n", {"A": "2"}),
        ("A=\"x # y\"\nB='z'\nC=\"half\nD='", {"A": "x # y", "B": "z", "C": '"half', "D": "'"}),
        ("\ufeffA=1", {"A": "1"}),
        ("", {}),
    ],
)
def test_lines_are_taken_as_they_are(text: str, wanted: dict[str, str]) -> None:
    """Values are literal, less one pair of quotes; comments and empty lines are skipped."""
    assert parse_env_file(text, "file .env") == wanted


@pytest.mark.parametrize("line", ["hunter2", "=hunter2", "1A=hunter2", "A B=hunter2"])
def test_other_lines_are_refused_unquoted(line: str) -> None:
    """A line that sets nothing is refused by its number, and is not shown: it may be a secret."""
    with pytest.raises(DriverError, match=r"line 2 of file \.env") as caught:
        parse_env_file(f"A=1\n{line}", "file .env")
    assert caught.value.kind is ErrorKind.INVALID
    assert "hunter2" not in str(caught.value)
