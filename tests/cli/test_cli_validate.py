from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import gitops
from support.specs import BAD, GOOD, written


def test_good_specs_are_valid(tmp_path: Path) -> None:
    """Good specs give one line on standard output, nothing on standard error, and 0."""
    assert gitops("validate", "-f", written(tmp_path)) == (
        0,
        "1 document in 1 file: valid\n",
        "",
    )


def test_bad_specs_are_told_on_standard_error(tmp_path: Path) -> None:
    """A wrong key gives its place and the nearest known one on standard error, and 1."""
    path = written(tmp_path, BAD)
    ran = gitops("validate", "-f", path)
    assert (ran.code, ran.out) == (1, "")
    first, *rest = ran.err.splitlines()
    assert first.startswith(f"{path}:6:3: error: ")
    assert "hots" in first
    assert "host" in "".join(rest)


def test_findings_as_json(tmp_path: Path) -> None:
    """`-o json` gives every finding as data on standard output, and nothing beside it."""
    path = written(tmp_path, BAD)
    ran = gitops("validate", "-f", path, "-o", "json")
    assert (ran.code, ran.err) == (1, "")
    (found,) = ran.json()  # type: ignore[misc, attr-defined]
    assert (found["severity"], found["line"], found["column"]) == ("error", 6, 3)
    assert found["file"] == str(path)


def test_findings_as_annotations(tmp_path: Path) -> None:
    """`-o github` gives an annotation a finding on standard output."""
    path = written(tmp_path, BAD)
    ran = gitops("validate", "-f", path, "-o", "github")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"::error file={path},line=6,col=3")


def test_no_finding_is_an_empty_list(tmp_path: Path) -> None:
    """`-o json` of good specs is an empty list, and 0."""
    ran = gitops("validate", "-f", written(tmp_path), "-o", "json")
    assert (ran.code, json.loads(ran.out), ran.err) == (0, [], "")


def test_foreign_documents_are_told_when_asked(tmp_path: Path) -> None:
    """A document of another tool in a folder is passed over, and `-v` says so."""
    written(tmp_path)
    written(tmp_path, "services: {}\n", "compose.yaml")
    assert gitops("validate", "-f", tmp_path).err == ""
    assert "compose.yaml" in gitops("validate", "-f", tmp_path, "-v").err


def test_entry_is_found_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without -f, registry.yaml of the current folder is read."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path)
    assert gitops("validate").code == 0


def test_no_entry_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without -f and without registry.yaml, the command says what to write or name, and 64."""
    monkeypatch.chdir(tmp_path)
    ran = gitops("validate")
    assert (ran.code, ran.out) == (64, "")
    assert "there is no registry.yaml in this folder" in ran.err
    assert "-f" in ran.err


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is an error that names it, and 1."""
    ran = gitops("validate", "-f", tmp_path / "none.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "none.yaml" in ran.err


@pytest.mark.parametrize("project", ["Shop", "a b", "x" * 41, "-shop"])
def test_bad_project_name_is_refused(tmp_path: Path, project: str) -> None:
    """A project name that no container could carry is a usage error that quotes it."""
    ran = gitops("validate", "-f", written(tmp_path), f"--project={project}")
    assert (ran.code, ran.out) == (64, "")
    assert repr(project) in ran.err


def test_values_fill_templates(tmp_path: Path) -> None:
    """`--set` gives templates their values; one that is missing is named with its line."""
    path = written(tmp_path, GOOD.replace('"1.27"', "{{ tag }}"), "registry.yaml.j2")
    assert gitops("validate", "-f", path, "--set", "tag=v2").code == 0
    ran = gitops("validate", "-f", path)
    assert ran.code == 1
    assert f"{path}:5" in ran.err
    assert "tag" in ran.err


def test_setting_without_value_is_a_usage_error(tmp_path: Path) -> None:
    """`--set` without an equals sign is a usage error."""
    ran = gitops("validate", "-f", written(tmp_path), "--set", "tag")
    assert ran.code == 64
    assert "tag" in ran.err
