"""Sections of a task file that are read before the rest, with the templates around them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from gitops.model.tasks import RunFacts, RunLine
from gitops.spec.tasks import FetchError, Given, TaskText, read_task, secrets_needed
from gitops.spec.tasks.cutting import cut
from gitops.spec.tasks.sections import only, without

GIVEN = Given(RunFacts("r1", "reg.io"), {"a": "b"})
NEED = "secrets:\n- id: npm\n"


def no_fetch(name: str) -> str:
    """Refuse to fetch."""
    raise FetchError(f"there is no {name}")


def test_files_of_aliases_are_beside_the_task_or_at_the_top() -> None:
    """A file of aliases is looked for beside the task file, then at the top of the files."""
    files = {"ci/a.yaml": "a: busybox", "a.yaml": "a: wrong", "ci/b.yaml": "{b: x, c: y}"}

    def fetch(name: str) -> str:
        return files[name] if name in files else no_fetch(name)

    text = "version: v1.1.0\nalias: {src: [a.yaml, ci/b.yaml]}\nsteps: [{cmd: $a $b $c}]\n"
    task, found = read_task(TaskText(text, "t.yaml", "ci"), GIVEN, fetch)
    assert found == ()
    assert task is not None
    assert task.steps[0].work == RunLine("busybox", ("x", "y"))


@pytest.mark.parametrize(
    "text",
    [
        f"{{{{/* a comment\nsteps: {{{{ if }}}}\n*/}}}}\n{NEED}steps: []\n",
        f"steps:\n{{{{ range .Values.none }}}}\n  - {{{{ . }}}}\n  {{{{ end }}}}\n{NEED}",
        f"{{{{ if .Values.a }}}}\n{NEED}  {{{{- end }}}}\nsteps: {{{{ .Secrets.npm }}}}\n",
        f"{{{{ $key := .Secrets.npm | b64enc }}}}\n{NEED}steps: {{{{ $key }}}}\n",
        'steps:\n  {{ $a := "np" }}\n  {{ $b := print $a "m" }}\nsecrets:\n- id: {{ $b }}\n',
        '{{ define "it" }}\n- id: npm\n{{ end }}\nsecrets:\n{{ template "it" }}\nsteps: []\n',
        "{{ if eq .Secrets.npm `x` }}\nsteps: []\n  {{ else }}\nenv: []\n{{ end }}\n" + NEED,
        f'steps: {{{{ "}}}}\\"{{{{ if" | quote }}}}\n{{{{ if `}}}}\n` }}}}\n{NEED}{{{{ end }}}}\n',
    ],
)
def test_templates_around_a_section(text: str) -> None:
    """A section is read with the templates that it depends on, and with no other."""
    needs, found = secrets_needed(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert found == ()
    assert [need.id for need in needs] == ["npm"]


def test_what_stays_of_a_section() -> None:
    """A section is cut out less the actions that reach over it; comments at the margin go too."""
    text = "# $a\nalias:\n  {{ if .x }}\n  values: {{ .y }}\nsteps:\n  {{ end }}\n  - a\n"
    assert only(text, "alias") == text.replace("# $a", "").replace("steps:", "").replace(
        "  - a", ""
    )
    assert without(text, "alias") == "\n\n  {{ if .x }}\n\nsteps:\n  {{ end }}\n  - a\n"


PIECES = st.sampled_from(
    ("a", " ", "\n", "{{", "}}", "if ", "end", "else", "range $x := ", "$x", "/*", "*/", '"', "`")
)


@for_all(st.lists(PIECES, max_size=40).map("".join), st.data())
def test_kept_lines_stay_as_they_are(text: str, data: st.DataObject) -> None:
    """Whatever the text is, it keeps its lines, and what is cut holds nothing but actions."""
    lines = text.split("\n")
    kept = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    left = cut(text, kept).split("\n")
    assert len(left) == len(lines)
    for line, found in zip(lines, left, strict=True):
        assert all(new in (old, " ") for old, new in zip(line, found, strict=False))
    if "{{" not in text:
        assert left == [line if keep else "" for line, keep in zip(lines, kept, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 200_000,
        "{{ if }}" * 50_000,
        "{{/*" * 100_000,
        "{{/* }}" * 50_000,
        '{{ "' * 100_000,
        "{{ $a }}\n" * 50_000,
    ],
)
def test_hostile_templates_are_cut_in_no_time(text: str) -> None:
    """The time to cut grows with the text, not with its square: files of strangers are cut too."""
    lines = text.count("\n") + 1
    begun = time.process_time()
    assert cut(text, [False] * lines).strip() == ""
    assert time.process_time() - begun < 5
