"""Provenance statements."""

from __future__ import annotations

import json

import pytest

from gitops.model.image import ImageRef
from gitops.model.provenance import BuildInputs, BuildRun, Provenance, statement

D = "d" * 64
E = "e" * 64
COMMIT = "c" * 40
RUN = BuildRun("https://example.com/build/v1", "https://example.com/me", "r1", 0.9, 60, "1.2")
INPUTS = BuildInputs(
    "https://ann:t0ken@git.example.com/shop.git",
    COMMIT,
    "docker/Dockerfile",
    "app",
    {"B": "2", "A": "1"},
    ("linux/amd64",),
)
IMAGE = ImageRef("r.io:5000/shop", "1", f"sha256:{D}")


def made(inputs: BuildInputs = INPUTS, bases: dict[str, str] | None = None) -> bytes:
    return statement(Provenance((IMAGE,), inputs, bases or {}, RUN))


def test_statement_says_what_was_made_of_what() -> None:
    """The statement names image, choices, commit, bases, run and times, and holds no password."""
    bases = {"node:22": f"sha256:{E}", "r.io:5000/base/x:1": f"sha256:{D}"}
    text = made(bases=bases)
    assert json.loads(text) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "r.io:5000/shop", "digest": {"sha256": D}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://example.com/build/v1",
                "externalParameters": {
                    "source": "https://git.example.com/shop.git",
                    "commit": COMMIT,
                    "dockerfile": "docker/Dockerfile",
                    "target": "app",
                    "args": {"A": "1", "B": "2"},
                    "platforms": ["linux/amd64"],
                },
                "resolvedDependencies": [
                    {
                        "uri": f"git+https://git.example.com/shop.git@{COMMIT}",
                        "digest": {"gitCommit": COMMIT},
                    },
                    {"uri": "pkg:docker/node@22", "digest": {"sha256": E}},
                    {
                        "uri": "pkg:docker/base/x@1?repository_url=r.io%3A5000",
                        "digest": {"sha256": D},
                    },
                ],
            },
            "runDetails": {
                "builder": {"id": "https://example.com/me", "version": {"gitops": "1.2"}},
                "metadata": {
                    "invocationId": "r1",
                    "startedOn": "1970-01-01T00:00:00Z",
                    "finishedOn": "1970-01-01T00:01:00Z",
                },
            },
        },
    }
    assert b"t0ken" not in text
    assert made(bases=dict(reversed(bases.items()))) == text


def test_folder_without_history_has_no_commit() -> None:
    """What was not chosen is left out, and a source without a commit is no resolved dependency."""
    found = json.loads(made(BuildInputs("folder:app")))["predicate"]["buildDefinition"]
    assert found["externalParameters"] == {"source": "folder:app", "dockerfile": "Dockerfile"}
    assert found["resolvedDependencies"] == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("ssh://ann:pw@host/x", "ssh://ann@host/x"),
        ("http://token@host/x", "http://host/x"),
        ("git@host:x.git", "git@host:x.git"),
    ],
)
def test_credentials_in_a_url_are_left_out(url: str, told: str) -> None:
    """User names of ssh stay, passwords and tokens do not."""
    found = json.loads(made(BuildInputs(url)))
    assert found["predicate"]["buildDefinition"]["externalParameters"]["source"] == told


def test_statement_needs_digests() -> None:
    """A base image without a digest is an error that names it."""
    with pytest.raises(ValueError, match="node:22: wanted a digest"):
        made(bases={"node:22": ""})
