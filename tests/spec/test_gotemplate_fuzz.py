"""Whatever a template says, rendering ends with a text or a TemplateFault."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.spec.gotemplate import TemplateFault, render
from gitops.spec.gotemplate.catalogue import FUNCTIONS

DATA: dict[str, object] = {
    "Values": {"n": 3, "tag": "v1", "items": ["a", "b"], "map": {"a": 1, "b": None}},
}
LANGUAGE = """
{{ }} {{- -}} ( ) | . $ $x := = , if else end range with define template block break
.Values.n .Values.items .Values.map .Values.tag "a" `b` 1 -2 1.5 nil true '%d' /* */
.x 2006 99999 / "%d%s" "2006-01-02" "(a|b)*"
"""
ARGUMENTS = r"""
"a"; "1.2.3"; "^1"; "[a-z]+"; "UTC"; "2006-01-02"; "2024-02-30"; "1h"; "{}"; 0; -1; 3; 99999999;
1.5; -1e300; true; nil; (list 1 `b` nil); (dict `a` 1); list; dict; now; .Values.zz; "";
`%d%q`; `http://u@h:1/p?q#f`; 'x'; "\xf0\x9f\x98\x80"; `(a*)*[[:x:]]\Q`; `-`; `[1,{"a":1e999}]`
"""
WORDS = st.lists(st.sampled_from([*LANGUAGE.split(), *sorted(FUNCTIONS)]), max_size=12)
SIGNS = st.text(alphabet="{}.$|()\"`'- a1/*\\n", max_size=40)
CALLS = st.lists(st.sampled_from([each.strip() for each in ARGUMENTS.split(";")]), max_size=4)


def outcome(template: str) -> str | TemplateFault:
    """Return the rendered text, or the fault."""
    try:
        return render(template, DATA)
    except TemplateFault as fault:
        return fault


@settings(max_examples=400, deadline=None)
@given(WORDS.map(" ".join) | SIGNS)
def test_nothing_but_a_fault_is_raised(text: str) -> None:
    """A template renders, or it is a fault with a place inside the text."""
    for template in (text, f"{{{{ {text} }}}}"):
        found = outcome(template)
        if isinstance(found, TemplateFault):
            assert 1 <= found.line <= template.count("\n") + 1
            assert 1 <= found.column <= len(template) + 1


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), CALLS)
def test_every_function_takes_anything(name: str, arguments: list[str]) -> None:
    """A function that is called with whatever arguments gives a value or a fault that speaks."""
    found = outcome(f"{{{{ print ({name} {' '.join(arguments)}) }}}}")
    assert isinstance(found, str) or found.message


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_braces_is_left_alone(text: str) -> None:
    """A text without an action comes back as it is."""
    assert render(text, {}) == text
