from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from gitops.drivers.redact import Redactor
from gitops.model.secret import Secret

VALUE = 'pa ss/w"örd+1'


@pytest.mark.parametrize("before", ["", "x", "ci:", "user:", "longer-name:"])
def test_no_spelling_of_a_secret_is_left(before: str) -> None:
    """A secret is starred as it is, URL-encoded, and in base64 wherever it begins in the text."""
    redact = Redactor([Secret(VALUE)])
    forms = [VALUE, quote(VALUE, safe="")]
    assert [redact(f"<{form}>") for form in forms] == ["<***>"] * 2
    for encode in (b64encode, urlsafe_b64encode):
        text = encode(f"{before}{VALUE}".encode()).decode()
        assert "***" in redact(text)
        assert len(redact(text).replace("***", "")) <= len(before) * 4 // 3 + 8


def test_each_line_of_a_key_is_starred() -> None:
    """A value of several lines is found in output that is looked at line by line."""
    assert Redactor([Secret("first-line\nsecond-line")])("x second-line") == "x ***"


def test_a_value_too_short_to_find_is_left() -> None:
    """Values under 4 characters are left alone: they stand in ordinary words."""
    assert Redactor([Secret("abc"), Secret("")])("abcdef") == "abcdef"
