from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gitops.cli import exits
from gitops.cli.main import cli
from gitops.model.address import KINDS
from gitops.settings import VARIABLES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gitops"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]


def text_of(name: str) -> str:
    """Return a file of the project as text."""
    return (ROOT / name).read_text()


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every Python file under a folder, parsed."""
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text())


CONTEXT = click.Context(cli, info_name="gitops")
COMMANDS = cli.list_commands(CONTEXT)


def documented_options(command: str) -> set[str]:
    """Return the options that a command's section of docs/commands.md names."""
    page = text_of("docs/commands.md")
    section = re.search(rf"^## `?gitops {command}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md has no section '## gitops {command}'"
    common = re.search(r"^## Common options.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    text = section[0] + (common[0] if common else "")
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


def makefile_targets() -> set[str]:
    """Return the targets of the Makefile that have a description."""
    return set(re.findall(r"^([a-z]+):.*## ", text_of("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_its_options_are_documented(name: str) -> None:
    """Each command has a section in docs/commands.md that names each of its options."""
    command = cli.get_command(CONTEXT, name)
    assert command
    options = {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if option.startswith("--")
    }
    assert options - {"--help"} <= documented_options(name)


def test_no_command_is_documented_that_is_not_there() -> None:
    """README's table and docs/commands.md name the commands that exist, and no others."""
    headings = re.findall(r"^## `?gitops ([a-z-]+)", text_of("docs/commands.md"), re.MULTILINE)
    table = re.findall(r"^\| `gitops ([a-z-]+)` \|", text_of("README.md"), re.MULTILINE)
    assert set(headings) == set(COMMANDS)
    assert set(table) == set(COMMANDS)


def test_every_make_command_in_the_docs_exists() -> None:
    """A `make` command that a page names is a target of the Makefile, or the page is wrong."""
    named = {
        target
        for page in [*PAGES, ROOT / ".ci/run"]
        for target in re.findall(
            r"(?:^|`|[A-Z_]=\S* )make ([a-z]+)", page.read_text(), re.MULTILINE
        )
    }
    assert named <= makefile_targets()


def test_readme_and_ci_run_the_same_tests() -> None:
    """The command that README gives for the tests is the one that CI runs."""
    assert re.search(r"^make test\b", text_of("README.md"), re.MULTILINE)
    assert re.search(r"\bmake test\b", text_of(".ci/run"))
    assert re.search(r"^make check\b", text_of(".ci/run"), re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_has_a_page_with_every_field(kind: str) -> None:
    """Each kind has a page in docs/kinds that names each field of its schema."""
    page = text_of(f"docs/kinds/{kind.lower()}.md")
    schema = json.loads(text_of(f"schemas/{kind.lower()}.schema.json"))
    missing = {name for name in field_names(schema["properties"]["spec"]) if name not in page}
    assert not missing


def field_names(schema: object) -> set[str]:
    """Return the names of all properties in a schema, at any depth."""
    if isinstance(schema, list):
        return {name for item in schema for name in field_names(item)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own | {name for value in schema.values() for name in field_names(value)}


def condition_reasons() -> set[str]:
    """Return the reasons that the source gives: constants where a record with one is made."""
    places = {"Condition": 2, "Blocked": 0}
    found = set()
    for _, tree in trees(PACKAGE):
        for call in ast.walk(tree):
            place = places.get(getattr(getattr(call, "func", None), "id", ""))
            if isinstance(call, ast.Call) and place is not None:
                given = [
                    *call.args[place : place + 1],
                    *(k.value for k in call.keywords if k.arg == "reason"),
                ]
                found |= {
                    node.value
                    for argument in given
                    for node in ast.walk(argument)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
    return found


def test_every_condition_reason_is_documented() -> None:
    """Each reason that a condition can have is explained in docs/conditions.md."""
    reasons = condition_reasons()
    assert reasons
    page = text_of("docs/conditions.md")
    assert not {reason for reason in reasons if f"`{reason}`" not in page}


def test_every_setting_is_documented() -> None:
    """docs/settings.md names each variable that is read, and no GITOPS_ variable that is not."""
    page = text_of("docs/settings.md")
    assert not {name for name in VARIABLES if f"`{name}`" not in page}
    assert set(re.findall(r"\bGITOPS_[A-Z_]*[A-Z]\b", page)) <= set(VARIABLES)


def test_every_test_says_what_it_holds() -> None:
    """Each test function has one line of docstring, a sentence of the specification."""
    wrong = []
    for path, tree in trees(ROOT / "tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                sentence = ast.get_docstring(node) or ""
                if not sentence.endswith(".") or "\n" in sentence:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not wrong, "\n".join(wrong)


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link in a page names a file or folder that exists."""
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert not broken, "\n".join(broken)


def project_files() -> list[Path]:
    """Return every file that is part of the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_speaks_of_one_machine_or_of_unfinished_work() -> None:
    """No file names the folder it was written in, a personal home, or a mark of unfinished work."""
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))
    pattern = re.compile(
        rf"{re.escape(str(ROOT))}(?![\w-])|/(?:home|Users)/(?!me\b|ci\b)\w+|\b(?:{marks})\b"
    )
    found = []
    for path in project_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert not found, "\n".join(found)


def test_every_exit_code_is_documented() -> None:
    """README's table of exit codes has the codes of the program, no more and no fewer."""
    codes = {value for value in vars(exits).values() if isinstance(value, int)}
    table = re.findall(r"^\| (\d+) \|", text_of("README.md"), re.MULTILINE)
    assert {int(code) for code in table} == codes


def test_modules_that_pages_name_exist() -> None:
    """A module or folder of the package that a page names is where the page says."""
    rooms = "|".join(path.name for path in PACKAGE.iterdir() if path.is_dir())
    named = re.compile(rf"`((?:{rooms})/[a-z_/]*)`")
    for page in PAGES:
        for name in named.findall(page.read_text()):
            place = PACKAGE / name
            assert place.is_dir() or place.with_suffix(".py").is_file(), f"{page}: {name}"
