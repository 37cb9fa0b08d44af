"""Templates: rendered in a sandbox, with the template's own lines in every error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops.model.bundle import Loaded
from gitops.model.diagnostics import Diagnostic
from gitops.model.webapp import WebApp
from gitops.spec.assembly import LoadRequest, load_texts
from gitops.spec.load import read_values
from gitops.spec.template import Rendered, render
from gitops.spec.values import merged, parse_setting

APP = """apiVersion: gitops/v1
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: nginx, tag: "{{ version }}"}
  env: {DEBUG: {{ debug }}}
"""


def rendered(text: str, **values: object) -> Rendered:
    """Return a template that renders."""
    found = render(text, "a.yaml.j2", values)
    assert isinstance(found, Rendered)
    return found


def app(loaded: Loaded) -> WebApp:
    """Return the only app of a load."""
    assert loaded.bundle is not None
    return loaded.bundle.apps[0]


def test_values_reach_the_documents(tmp_path: Path) -> None:
    """Values of files and settings fill a template; a number keeps its digits, true stays true."""
    path = tmp_path / "values.yaml"
    path.write_text("version: 1.10\ndebug: false\n")
    values = read_values([path], ["debug=true"])
    assert isinstance(values, dict)
    found = app(load_texts({"a.yaml.j2": APP}, LoadRequest("demo", values)))
    assert str(found.image.tag) == "1.10"
    assert found.runtime.env == {"DEBUG": "true"}


def test_every_rendered_line_has_its_line_of_the_template() -> None:
    """Loops, conditions and expressions keep the line on which they were written."""
    found = rendered("a\n{% for x in [1, 2] %}\nb\n{{ x }}\n{% endfor %}\nc\n")
    by_text = list(zip(found.text.split("\n"), found.lines, strict=True))
    assert [line for text, line in by_text if text == "b"] == [3, 3]
    assert [line for text, line in by_text if text in {"1", "2"}] == [4, 4]
    assert [line for text, line in by_text if text == "c"] == [6]


def test_a_template_that_measures_itself_is_not_changed_by_the_marks() -> None:
    """A text that a template measures has its true length; its lines count as they are rendered."""
    found = rendered("{% set x %}abc\n{% endset %}{{ x | length }}\n")
    assert found.text == "4\n"
    assert found.lines == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\nb: {{ nope }}\n", 2, "'nope' is undefined"),
        ("a\n\n{% for %}\n", 3, "Expected an expression"),
        ("a\n{{ 1 / 0 }}\n", 2, "division by zero"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("\n{{ 'a' * 10000000000 }}", 2, "* is for numbers only"),
        ("\n{{ 9 ** 9 ** 9 }}", 2, "** is for small numbers only"),
        ("\n{{ '%9999999999d' % 1 }}", 2, "% is for numbers only"),
        ("{% for a in range(100000000) %}{% endfor %}", 1, "Range too big"),
        ("{% include 'a' %}", 1, "no loader"),
        ("{% for a in range(9000) %}{{ 'aaaaaaaaaa' | center(9000) }}{% endfor %}", 1, "more than"),
    ],
)
def test_a_template_fails_on_a_line(text: str, line: int, message: str) -> None:
    """What a template may not do, or does wrongly, is told with its line."""
    found = render(text, "a.yaml.j2", {})
    assert isinstance(found, Diagnostic)
    assert (found.span.file, found.span.line) == ("a.yaml.j2", line)
    assert message in found.message


def test_placeholders_stand_in_raw_parts() -> None:
    """A placeholder of a build task passes through a template in a raw part."""
    assert rendered("{% raw %}{{ commit }}{% endraw %}").text == "{{ commit }}"


def test_settings_are_merged_over_files() -> None:
    """A setting names a value inside a mapping; everything beside it stays."""
    below = {"image": {"name": "nginx", "tag": "1"}}
    assert merged(below, parse_setting("image.tag=2.50")) == {
        "image": {"name": "nginx", "tag": 2.5}
    }
    assert parse_setting("a=")["a"] is None
    assert parse_setting("a=b=c") == {"a": "b=c"}
    with pytest.raises(ValueError, match="'a' is not a setting: write key=value"):
        parse_setting("a")


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "a: 1\na: 2\n", "[" * 1000])
def test_a_values_file_that_is_wrong_is_told(text: str, tmp_path: Path) -> None:
    """A values file that is no mapping, or no YAML, is an error with its name."""
    path = tmp_path / "values.yaml"
    path.write_text(text)
    found = read_values([path, tmp_path / "missing.yaml"], [])
    assert isinstance(found, list)
    assert [each.span.file for each in found] == [str(path), str(tmp_path / "missing.yaml")]
