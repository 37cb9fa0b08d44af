"""What a load makes of valid files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.model.metadata import Suspend
from gitops.model.resources import Credentials, PathSource, SshKey
from gitops.model.secret import EnvSecret, FileSecret
from gitops.model.webapp import Mount
from gitops.spec.assembly import LoadRequest, load_texts
from gitops.spec.load import load
from gitops.spec.report import as_github, as_json, as_text

TARGET = "apiVersion: gitops/v1\nkind: Target\nmetadata: {name: %s}\n"
WRITTEN = ["1.10", "0x1F", "yes", "2026-01-01", "010", "true", "1_000", ""]
ROOT = Path(__file__).parents[2]


def bundle_of(*texts: str) -> Bundle:
    """Return the bundle of texts, which stand in /spec."""
    head = "apiVersion: gitops/v1\n"
    files = {f"{number}.yaml": head + text for number, text in enumerate(texts)}
    loaded = load_texts(files, LoadRequest("demo"))
    assert loaded.bundle is not None, as_text(loaded.diagnostics)
    return loaded.bundle


def test_a_folder_is_read_in_sorted_order_once(tmp_path: Path) -> None:
    """Folders are read recursively and sorted, without hidden ones; no file is read twice."""
    for name in ("b.yaml", "a/z.yml", "a/y.yaml.j2", ".git/c.yaml", "a/.d.yaml", "e.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TARGET % path.name[0].strip(".").ljust(1, "x"))
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    loaded = load([tmp_path, tmp_path / "b.yaml"], LoadRequest("demo"))
    assert loaded.bundle is not None
    assert [target.address.name for target in loaded.bundle.targets] == ["b", "y", "z"]
    assert loaded.documents == 3
    names = [str(Path(name).relative_to(tmp_path)) for name in loaded.files]
    assert names == [".", "b.yaml", "a", "a/y.yaml.j2", "a/z.yml"]


def test_paths_are_relative_to_the_spec_file() -> None:
    """Files and folders that a spec names start at the folder of the spec file."""
    bundle = bundle_of(
        "kind: Registry\nmetadata: {name: r}\nspec:\n  server: ghcr.io\n"
        "  credentials: {username: ci, password: {file: ../password}}\n",
        "kind: Repository\nmetadata: {name: a}\nspec: {registry: r}\n",
        "kind: BuildTask\nmetadata: {name: a}\nspec: {repository: a, source: {path: ./web/}}\n",
        "kind: BuildTask\nmetadata: {name: b}\nspec:\n  repository: a\n  latest: false\n"
        "  source: {git: {url: git@example.com:x.git, credentials: {sshKey: {file: /k},"
        " knownHosts: hosts}}}\n",
        "kind: WebApp\nmetadata: {name: a}\nspec:\n  image: {repository: a}\n"
        "  volumes: [{path: content, mount: /c, readOnly: true}]\n  env: {A: {env: B}}\n",
    )
    assert bundle.registries[0].credentials == Credentials("ci", FileSecret("/password"))
    assert bundle.tasks[0].source == PathSource("/spec/web")
    git = bundle.tasks[1].source
    assert not isinstance(git, PathSource)
    assert git.credentials == SshKey(FileSecret("/k"), "/spec/hosts")
    assert bundle.apps[0].runtime.volumes == (Mount("/c", path="/spec/content", read_only=True),)
    assert bundle.apps[0].runtime.env == {"A": EnvSecret("B")}


def test_units_are_plain() -> None:
    """Durations are seconds, sizes bytes, statuses ranges, and moments seconds since 1970."""
    app = bundle_of(
        "kind: WebApp\nmetadata: {name: a}\nspec:\n  image: {name: nginx}\n"
        "  resources: {cpus: 0.5, memory: 64Mi}\n  suspend: {by: ada, until: 1970-01-02}\n"
        "  deploy: {drain: 1m30s, stop: 500ms}\n  health: {path: /, statuses: '200-299, 404'}\n"
    ).apps[0]
    assert (app.runtime.resources.cpus, app.runtime.resources.memory) == (0.5, 64 * 2**20)
    assert (app.deploy.drain, app.deploy.stop) == (90.0, 0.5)
    assert app.runtime.health.statuses == ((200, 299), (404, 404))
    assert app.metadata.suspend == Suspend(by="ada", until=86400.0)


def test_text_stays_as_it_is_written() -> None:
    """Numbers, dates and words in places for text keep their spelling."""
    app = bundle_of(
        "kind: WebApp\nmetadata: {name: a}\nspec:\n  image: {name: nginx, tag: 1.10}\n"
        "  env: {A: 1.10, B: 0x1F, C: yes, D: 2026-01-01, E: 010, F: true, G: 1_000, H: ''}\n"
        "  command: [sleep, 60]\n"
    ).apps[0]
    assert list(app.runtime.env.values()) == WRITTEN
    assert app.runtime.command == ("sleep", "60")
    assert app.image.tag == "1.10"


def test_a_target_is_there_without_being_declared() -> None:
    """Without a Target, apps run on one that is named local and is not counted as a document."""
    loaded = load_texts(
        {
            "a.yaml": "apiVersion: gitops/v1\nkind: WebApp\nmetadata: {name: a}\n"
            "spec: {image: {name: nginx}}\n"
        },
        LoadRequest("demo"),
    )
    assert loaded.bundle is not None
    local = Address("Target", "local")
    assert loaded.documents == 1
    assert loaded.bundle.apps[0].target == local
    assert loaded.bundle.targets[0].address == local
    assert loaded.bundle.origins == {Address("WebApp", "a"): Span("a.yaml", 1)}


def test_an_only_target_is_the_default_one() -> None:
    """An app that names no target runs on the only one, whatever its name."""
    bundle = bundle_of(
        "kind: Target\nmetadata: {name: east}\n",
        "kind: WebApp\nmetadata: {name: a}\nspec: {image: {name: nginx}}\n",
    )
    assert bundle.apps[0].target == Address("Target", "east")


def test_an_origin_is_where_the_document_begins() -> None:
    """Each resource is remembered with the file and line of its document, in a template as well."""
    loaded = load_texts(
        {
            "a.yaml": "# first\n---\n" + TARGET % "a" + "---\n\n" + TARGET % "b",
            "b.yaml.j2": "{# gone\n#}{% for n in ['c', 'd'] %}\n---\n"
            + TARGET % "{{ n }}"
            + "{% endfor %}",
        },
        LoadRequest("demo"),
    )
    assert loaded.bundle is not None
    places = {address.name: str(span) for address, span in loaded.bundle.origins.items()}
    assert places == {
        "a": "a.yaml:3:1",
        "b": "a.yaml:8:1",
        "c": "b.yaml.j2:4:1",
        "d": "b.yaml.j2:4:1",
    }


def test_the_fast_path_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Valid specs are loaded without templates, explanations and nearest names being imported."""
    (tmp_path / "a.yaml").write_text(TARGET % "a")
    program = (
        "import sys; from pathlib import Path; from gitops.spec.load import load;"
        "from gitops.spec.assembly import LoadRequest;"
        f"print(load([Path({str(tmp_path)!r})], LoadRequest('x')).documents);"
        "rare = ('jinja2', 'jsonschema', 'difflib', 'cronsim', 'zoneinfo');"
        "print([module for module in rare if module in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "1\n[]\n"


def test_findings_are_reported_in_three_forms() -> None:
    """A finding is a line for people, an object for programs, an annotation for GitHub."""
    found = [
        Diagnostic(Severity.ERROR, Span("a,b:c.yaml", 2, 3), "100% wrong\nhere", "do it", "/spec"),
        Diagnostic(Severity.NOTE, Span("d.yaml"), "fine"),
    ]
    assert as_text(found) == (
        "a,b:c.yaml:2:3: error: 100% wrong here\n    hint: do it\nd.yaml:1:1: note: fine\n"
    )
    assert as_github(found) == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=3::100%25 wrong%0Ahere%0Ado it\n"
        "::notice file=d.yaml,line=1,col=1::fine\n"
    )
    assert json.loads(as_json(found))[0] == {
        "severity": "error",
        "file": "a,b:c.yaml",
        "line": 2,
        "column": 3,
        "path": "/spec",
        "message": "100% wrong\nhere",
        "hint": "do it",
    }
