from __future__ import annotations

import html
import json
import shlex
from base64 import b64encode, encodebytes, urlsafe_b64encode
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


@pytest.mark.parametrize(
    "written",
    [
        "pa%20ss%2fw%22%c3%b6rd%2b1",
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        html.escape(VALUE),
        shlex.quote(VALUE),
    ],
)
def test_what_programs_make_of_a_secret_is_starred(written: str) -> None:
    """A secret in a URL, JSON, HTML or a word of a shell is found, whatever its signs became."""
    assert redact_of(VALUE)(written).strip("\"'") == "***"


def test_what_go_programs_write_in_json_is_starred() -> None:
    """Signs of HTML are numbers in the JSON of Go programs."""
    assert redact_of("a<b>&c")('"a\\u003cb\\u003e\\u0026c"') == '"***"'


def test_lines_of_base64_are_starred() -> None:
    """A long value that was encoded is printed in lines, each of which is found."""
    value = "".join(chr(33 + number * 7 % 90) for number in range(200))
    told = encodebytes(value.encode()).decode()
    assert told.count("\n") > 1
    assert {redact_of(value)(line) for line in told.splitlines()} <= {"***", "***=", "***=="}


def test_a_value_without_its_line_end_is_starred() -> None:
    """What a file ends with is not printed with the value."""
    assert redact_of("hunter22\n ")("x=hunter22;") == "x=***;"


def redact_of(value: str) -> Redactor:
    """Return what redacts one value."""
    return Redactor([Secret(value)])


def test_each_line_of_a_key_is_starred() -> None:
    """A value of several lines is found in output that is looked at line by line."""
    assert Redactor([Secret("first-line\nsecond-line")])("x second-line") == "x ***"


def test_a_value_too_short_to_find_is_left() -> None:
    """Values under 4 characters are left alone: they stand in ordinary words."""
    assert Redactor([Secret("abc"), Secret("")])("abcdef") == "abcdef"
