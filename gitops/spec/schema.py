"""The JSON Schemas (draft 2020-12) of the kinds, and the fast answer whether a document fits."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from gitops.model.address import KINDS


def schema_text(kind: str) -> str:
    """Return the schema of a kind as JSON text, for editors and `gitops schema`.

    The kind may be written in any case; an unknown one raises `ValueError` with a sentence.
    """
    if kind.lower() not in {known.lower() for known in KINDS}:
        raise ValueError(f"{kind!r} is not a kind: choose one of {', '.join(KINDS)}")
    return _folder().joinpath(f"{kind.lower()}.schema.json").read_text(encoding="utf-8")


def schema(kind: str) -> dict[str, Any]:
    """Return the schema of a kind as a fresh value."""
    found: dict[str, Any] = json.loads(schema_text(kind))
    return found


@cache
def validator(kind: str) -> Draft202012Validator:
    """Return the compiled validator of a kind; it says yes or no in microseconds."""
    return Draft202012Validator(schema(kind))


def _folder() -> Path:
    """Return the folder in the package, or in a checkout the one beside it (editable install).

    By the module's own path: importing `importlib.resources` would cost every command 10 ms, and a
    package with compiled dependencies is never run from an archive.
    """
    package = Path(__file__).parents[1]
    packaged = package / "schemas"
    return packaged if packaged.is_dir() else package.parent / "schemas"
