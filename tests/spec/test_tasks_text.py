"""The text of task files: words, places, secrets, rendering, and text that is anything."""

from __future__ import annotations

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from gitops.model.diagnostics import has_errors
from gitops.model.secret import Secret
from gitops.model.tasks import RunFacts, RunLine, SecretNeed
from gitops.spec.report import as_text
from gitops.spec.tasks import (
    FetchError,
    Given,
    TaskText,
    ordered,
    read_task,
    rendered,
    secrets_needed,
)
from gitops.spec.tasks.build_line import read_build
from gitops.spec.tasks.run_line import read_run
from gitops.spec.tasks.trace import trace
from gitops.spec.tasks.words import LineError, split_words
from gitops.spec.tasks.workplace import Workplace

GIVEN = Given(RunFacts("r1", "reg.io"), {"a": "b"}, {"npm": Secret("hunter2")})


def no_fetch(name: str) -> str:
    """Refuse to fetch."""
    raise FetchError(f"there is no {name}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a \n b\t", ["a", "b"]),
        ("'a b' \"c d\"e", ["a b", "c de"]),
        (r"a\ b \\ \'", ["a b", "\\", "'"]),
        (r'"\$A \"q\" \n \\"', ['$A "q" \\n \\']),
        ("'$A \\n'", ["$A \\n"]),
        ("a \\\n b\\\nc", ["a", "bc"]),
        ('"a\\\nb"', ["ab"]),
        ("''", [""]),
        ("a# #b", ["a#", "#b"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    """A line is split as a shell splits it, and nothing is expanded."""
    assert split_words(line) == words


@pytest.mark.parametrize("line", ["'a", '"a', 'a "b\\', "a\\"])
def test_open_quotes(line: str) -> None:
    """A quote that is not closed, or a backslash at the end, is an error."""
    with pytest.raises(LineError):
        split_words(line)


@pytest.mark.parametrize(
    ("source", "text", "place", "there"),
    [
        ("a", "a", (1, 1), (1, 1)),
        ("x {{.A}} y", "x long text y", (1, 13), (1, 10)),
        ("x {{.A}} y", "x long text y", (1, 6), (1, 3)),
        ("a\n{{- if .A }}\nb\n{{- end }}\nc", "a\nb\nc", (2, 1), (3, 1)),
        ("a\n{{- if .A }}\nb\n{{- end }}\nc", "a\nb\nc", (3, 1), (5, 1)),
        ("a\n$x\nb", "a\n1\n2\nb", (3, 1), (2, 1)),
        ("a", "a\nb\nc", (3, 1), (1, 1)),
    ],
)
def test_places(source: str, text: str, place: tuple[int, int], there: tuple[int, int]) -> None:
    """A place in rendered text is traced to where it comes from in the file."""
    assert trace(source, text).original(*place) == there


def test_secrets_that_are_needed() -> None:
    """The secrets of a file are known before they are there, with templates of run and values."""
    text = (
        "version: v1.1.0\nsecrets:\n  - id: npm\n    keyvault: https://{{.Values.a}}/$ID\n"
        "  - {id: other}\nsteps:\n  - cmd: busybox {{.Secrets.npm}} {{.Secrets.other}}\n"
    )
    given = GIVEN._replace(secrets={})
    needs, found = secrets_needed(TaskText(text, "t.yaml"), given, no_fetch)
    assert found == ()
    assert needs == (SecretNeed("npm", "https://b/r1", "", 3), SecretNeed("other", "", "", 5))


@pytest.mark.parametrize(
    "text",
    [
        "secrets:\n- id: npm\n  keyvault: x\nsteps:\n- cmd: busybox {{.Secrets.npm}}\n",
        "{{ if .Values.a }}\nsecrets:\n- id: npm\n  keyvault: x\n{{ end }}\nsteps: {{.Secrets.z}}",
        "{secrets: [{id: npm, keyvault: x}], steps: [{cmd: busybox}]}",
        "---\nsecrets: [{id: npm, keyvault: x}]\nsteps: [{cmd: busybox}]\n",
        '"secrets":\n  - {id: npm, keyvault: x}\n"steps": {{.Secrets.npm}}\n',
    ],
)
def test_shapes_of_the_section_of_secrets(text: str) -> None:
    """The section is found in braces, in quotes, with items at the margin, and in a condition."""
    needs, found = secrets_needed(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert found == ()
    assert [(need.id, need.keyvault) for need in needs] == [("npm", "x")]


def test_no_secrets_are_needed() -> None:
    """A file without secrets needs none, whatever else is in it."""
    assert secrets_needed(TaskText("steps: {{ if }}", "t"), GIVEN, no_fetch) == ((), ())


def test_a_wrong_section_of_secrets() -> None:
    """What is wrong with the secrets is told at its place."""
    text = "steps: []\nsecrets:\n  - {id: a b}\n"
    _, found = secrets_needed(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert as_text(found).startswith("t.yaml:3:10: error: secrets[0].id: 'a b' holds a space")


def test_rendered_text_hides_secrets() -> None:
    """The text of a dry run has aliases and templates in place, and secrets as `***`."""
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox $ID {{.Values.a}} {{.Secrets.npm}}\n"
    assert rendered(TaskText(text, "t.yaml"), GIVEN, no_fetch) == (
        "version: v1.1.0\nsteps:\n  - cmd: busybox r1 b ***\n",
        (),
    )


def test_a_byte_order_mark_is_no_text() -> None:
    """The mark that some editors put before a text hides neither version nor sections."""
    text = "\ufeffversion: v1.1.0\nalias: {values: {a: busybox}}\nsteps:\n  - cmd: $a $ID\n"
    task, found = read_task(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert found == ()
    assert task is not None
    assert task.steps[0].work == RunLine("busybox", ("r1",))


def test_a_text_that_cannot_be_rendered() -> None:
    """A dry run of a text that cannot be rendered says why."""
    text, found = rendered(TaskText("a: {{.Values.none}}", "t.yaml"), GIVEN, no_fetch)
    assert text == ""
    assert str(found[0].span).startswith("t.yaml:1:")
    assert has_errors(found)


def test_a_template_that_asks_for_what_is_not_given() -> None:
    """A value that is not given is an error on its line of the file, behind aliases too."""
    text = "version: v1.1.0\nalias:\n  values: {a: b}\nsteps:\n  - cmd: $a {{ .Values.none }}\n"
    task, found = read_task(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert task is None
    assert [each.span.line for each in found] == [5]
    assert "none" in found[0].message


def test_many_aliases_of_a_long_text_end() -> None:
    """Aliases cannot make a text of any size."""
    text = (
        f"version: v1.1.0\nalias:\n  values: {{a: {'x' * 100_000}}}\nsteps:\n" + "  - $a\n" * 2000
    )
    task, found = read_task(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert task is None
    assert as_text(found) == ("t.yaml:1:1: error: its aliases make more than 10485760 characters\n")


def test_too_many_steps() -> None:
    """A task has at most a thousand steps, and lists of any length are refused at once."""
    text = "steps:\n" + "  - {cmd: busybox, when: [x]}\n" * 10_000
    _, found = read_task(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert [str(each.span) for each in found] == ["t.yaml:2:3"]
    assert "more than 1000 steps" in found[0].message


def test_an_error_behind_many_warnings() -> None:
    """However many warnings there are, an error is told, and there is no task."""
    text = "steps:\n" + "  - {build: ., detach: true}\n" * 150 + "  - {build: ., retries: x}\n"
    task, found = read_task(TaskText(text, "t.yaml"), GIVEN, no_fetch)
    assert task is None
    assert len(found) == 100
    assert str(found[-1].span) == "t.yaml:152:25"


FRAGMENTS = st.sampled_from(
    (
        *("version: v1.1.0\n", "alias:\n", "  values: {a: b}\n", "  src: [x]\n", "steps:\n"),
        *("  - cmd: ", "  - build: ", "  - push: ", "    when: ", "    id: a\n", "[-]\n", "[a]\n"),
        *(
            "busybox",
            " -e A",
            " --rm",
            " -v a:/b",
            " -t $ID",
            " .",
            "'",
            '"',
            "\\",
            "$",
            "$$",
            "\n",
        ),
        *("{{", "}}", "{{.Run.ID}}", "{{ if .Values.a }}", "{{ end }}", "- ", "&x ", "*x", "<<: "),
        *(
            "env: ",
            "secrets: ",
            "volumes: ",
            "networks: ",
            "[{name: a, secret: {b: c}}]\n",
            "---\n",
        ),
        *(
            "timeout: ",
            "9999999999999999999",
            "-1\n",
            "null\n",
            "{id: 3}\n",
            "\t",
            "\x00",
            "é",
            "#",
        ),
    )
)


@settings(max_examples=300, deadline=None)
@for_all(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=25).map("".join)))
def test_any_text_is_a_task_or_findings(text: str) -> None:
    """Whatever the text, there is a task that can be ordered, or an error in the file."""
    source = TaskText(text, "t.yaml")
    task, found = read_task(source, GIVEN, no_fetch)
    assert (task is None) == has_errors(found)
    if task is not None:
        assert sum(len(wave) for wave in ordered(task)) == len(task.steps)
    lines = text.count("\n") + 1
    assert all(1 <= each.span.line <= lines + 1 and each.span.column >= 1 for each in found)
    secrets_needed(source, GIVEN, no_fetch)
    rendered(source, GIVEN, no_fetch)


OPTIONS = st.sampled_from(
    (
        *("-t", "-f", "-e", "-v", "-p", "-m", "--secret", "--ssh", "--cache-to", "--cache-from"),
        *(
            "--add-host",
            "--dns",
            "--cpus",
            "--platform",
            "--label",
            "--network",
            "--pull",
            "--name",
        ),
        *(
            "--tmpfs",
            "--expose",
            "--",
            "-",
            "-=",
            "--=",
            "=",
            ",",
            "a=b",
            "id=a,src=/b",
            "1.5",
            ".",
        ),
        *("type=registry,ref=a", "busybox", "http://", "git@", "https://h#a:b", "::", "1:2:3", "é"),
    )
)


@settings(max_examples=300, deadline=None)
@for_all(st.lists(st.one_of(OPTIONS, st.text(max_size=5)), max_size=6).map(" ".join))
def test_any_line_is_read_or_told(line: str) -> None:
    """Whatever stands in the line of a step, it is read, or refused with a reason."""
    place = Workplace("/workspace/a")
    reasons = []
    for read in (read_build, lambda text, at: read_run(text, at, {})):
        try:
            read(line, place)
        except LineError as error:
            reasons.append(error.message)
    assert all(reasons)
