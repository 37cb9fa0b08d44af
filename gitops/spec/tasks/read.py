"""A task file read: its secrets first, then all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitops.model.diagnostics import Diagnostic, Severity, has_errors
from gitops.model.tasks import BuildLine, RunLine, SecretNeed, Task, TaskStep
from gitops.spec.findings import Finding
from gitops.spec.limits import PROBLEMS
from gitops.spec.nodes import MappingNode, Node, SequenceNode
from gitops.spec.tasks.decode import decode_task
from gitops.spec.tasks.given import Fetch, Given, TaskText, secret_texts, with_other_secrets
from gitops.spec.tasks.parts import decode_secrets
from gitops.spec.tasks.prepare import BadTextError, Loaded, Preparer
from gitops.spec.tasks.sections import is_in_braces, only
from gitops.spec.tasks.table import Table
from gitops.spec.tasks.trace import trace

_TELLING = 4
"""Characters of a secret from which on it is known wherever it stands."""


def secrets_needed(
    source: TaskText, given: Given, fetch: Fetch
) -> tuple[tuple[SecretNeed, ...], tuple[Diagnostic, ...]]:
    """Return the secrets that a task file declares, and what is wrong with that section.

    Only the section `secrets` is read; templates in it see the run and the values.
    """
    ready = Preparer(_unmarked(source), given, fetch)
    try:
        text = ready.aliased().text
        section = text if is_in_braces(text) else only(text, "secrets")
        loaded = ready.loaded(ready.rendered(section))
    except BadTextError as error:
        return (), _shielded(error.found, given)
    if loaded is None:
        return (), ()
    findings: list[Finding] = []
    table = Table(loaded.values, (), findings)
    needs = decode_secrets(table, _lines(loaded, source, "secrets"))
    return needs, _shielded(ready.told(findings, loaded.text), given)


def read_task(
    source: TaskText, given: Given, fetch: Fetch
) -> tuple[Task | None, tuple[Diagnostic, ...]]:
    """Return the task of a file, and its findings; with an error among them there is no task.

    Everything that templates may ask for has to be in `given`. No finding holds a secret's value.
    """
    read: list[str] = []

    def noted(where: str) -> str:
        read.append(fetch(where))
        return read[-1]

    task, found = _read(source, given, noted)
    if task is None or has_errors(found):
        return None, found
    named = list(_secret_names(task, given))
    if not named:
        return task, found
    # A name may hold the value by chance: only one that is another with another secret tells it.
    other, _ = _read(source, with_other_secrets(given), _again(read))
    findings = [each for step, key, each in named if _differs(task, other, step, key)]
    if not findings:
        return task, found
    ready = Preparer(_unmarked(source), given, _again(read))
    text = ready.rendered(ready.aliased().text)
    return None, _shielded(ready.told(findings, text), given)


def _again(texts: Sequence[str]) -> Fetch:
    """Return what gives the texts once more that were fetched before, in their order."""
    left = iter(texts)
    return lambda _where: next(left, "")


def _read(
    source: TaskText, given: Given, fetch: Fetch
) -> tuple[Task | None, tuple[Diagnostic, ...]]:
    ready = Preparer(_unmarked(source), given, fetch)
    try:
        text, images = ready.aliased()
        loaded = ready.loaded(ready.rendered(text))
    except BadTextError as error:
        return None, _shielded(error.found, given)
    findings: list[Finding] = []
    if loaded is None:
        findings.append(Finding((), "the task file is empty", "write steps: and a list below it"))
        return None, _shielded(ready.told(findings, text), given)
    table = Table(loaded.values, (), findings)
    lines = {key: _lines(loaded, source, key) for key in ("steps", "secrets")}
    task = decode_task(table, lines, images, given.facts)
    # Errors first: with many warnings before it, an error must not be the one that is left out.
    findings.sort(key=lambda each: each.severity is not Severity.ERROR)
    found = _shielded(ready.told(findings[:PROBLEMS], loaded.text), given)
    return None if has_errors(found) else task, found


def _secret_names(task: Task, given: Given) -> Iterator[tuple[int, str, Finding]]:
    """Give the number, the key and a finding for each name with the value of a secret in it.

    Names of steps and images are kept.
    """
    secrets = [text for text in secret_texts(given) if len(text) >= _TELLING]
    for number, step in enumerate(task.steps):
        names = {"id": [step.id], step.kind: _names(step)}
        for key, found in names.items():
            if any(secret in name for secret in secrets for name in found):
                hint = "names of steps and images are shown and remembered"
                message = f"steps[{number}].{key}: a name holds the value of a secret"
                yield number, key, Finding(("steps", number), message, hint)


def _differs(task: Task, other: Task | None, step: int, key: str) -> bool:
    """Say whether a name of a step is not the same in another reading, as far as that tells."""
    if other is None or len(other.steps) != len(task.steps):
        return True
    one, two = task.steps[step], other.steps[step]
    if key == "id":
        return one.id != two.id
    return one.kind != two.kind or list(_names(one)) != list(_names(two))


def _names(step: TaskStep) -> Sequence[str]:
    if isinstance(step.work, BuildLine):
        return step.work.tags
    return (step.work.image,) if isinstance(step.work, RunLine) else step.work


def rendered(source: TaskText, given: Given, fetch: Fetch) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the text after aliases and templates, secrets as `***`, or what is wrong with it."""
    ready = Preparer(_unmarked(source), given, fetch, reveal=False)
    try:
        text = ready.rendered(ready.aliased().text)
    except BadTextError as error:
        return "", _shielded(error.found, given)
    return text.lstrip("\n"), ()


def _unmarked(source: TaskText) -> TaskText:
    """Return a text without the byte order mark that some editors put before it."""
    return source._replace(text=source.text.removeprefix("\ufeff"))


def _lines(loaded: Loaded, source: TaskText, key: str) -> Sequence[int]:
    """Return the line in the file of each item of a list at the top."""
    way = trace(source.text, loaded.text)
    items = _items(loaded.root, key)
    return [way.original(item.start_mark.line + 1, 1)[0] for item in items]


def _items(root: Node, key: str) -> Sequence[Node]:
    for name, value in root.value if isinstance(root, MappingNode) else ():
        if name.value == key and isinstance(value, SequenceNode):
            found: Sequence[Node] = value.value
            return found
    return ()


def _shielded(found: Iterable[Diagnostic], given: Given) -> tuple[Diagnostic, ...]:
    """Return findings with `***` in the place of secrets, in the order of the file."""
    secrets = secret_texts(given)

    def shield(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return tuple(
        sorted(
            (each._replace(message=shield(each.message), hint=shield(each.hint)) for each in found),
            key=lambda each: each.span,
        )
    )
