"""The schemas say what the program does: they are valid, documented, and agree with decoding."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gitops.model.address import KINDS
from gitops.spec.assembly import LoadRequest, load_texts
from gitops.spec.explain import explain, explaining_validator
from gitops.spec.schema import schema, schema_text, validator

ROOT = Path(__file__).parents[2]
HEAD = {"apiVersion": "gitops/v1", "metadata": {"name": "shop"}}
SMALLEST: dict[str, dict[str, Any]] = {
    "Target": {},
    "Registry": {"server": "localhost:5000", "managed": {}},
    "Repository": {"registry": "shop"},
    "BuildTask": {"repository": "shop", "source": {"git": {"url": "https://example.com/x.git"}}},
    "WebApp": {
        "image": {"repository": "shop"},
        "health": {"path": "/"},
        "volumes": [{"name": "data", "mount": "/data"}],
    },
}


def document(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return a document of a kind."""
    return {**copy.deepcopy(HEAD), "kind": kind, "spec": copy.deepcopy(spec)}


def resolved(part: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its `$ref` followed; what stands beside it wins."""
    if "$ref" not in part:
        return part
    return {**top["$defs"][part["$ref"].rsplit("/", 1)[1]], **part}


def fields(part: dict[str, Any], top: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the schema of every field."""
    part = resolved(part, top)
    for key, inner in part.get("properties", {}).items():
        place = f"{path}.{key}".removeprefix(".")
        yield place, resolved(inner, top)
        yield from fields(inner, top, place)
    for inner in part.get("oneOf", ()):
        yield from fields(inner, top, path)
    if "items" in part:
        yield from fields(part["items"], top, f"{path}[]")


def filled(value: Any, part: dict[str, Any], top: dict[str, Any]) -> None:  # noqa: ANN401 - JSON
    """Write the default of every field that a value leaves out into it."""
    part = resolved(part, top)
    if isinstance(value, list):
        for item in value:
            filled(item, part["items"], top)
    if not isinstance(value, dict):
        return
    for branch in part.get("oneOf", ()):
        if set(resolved(branch, top).get("required", ())) <= set(value):
            filled(value, branch, top)
    for key, inner in part.get("properties", {}).items():
        if "default" in resolved(inner, top):
            value.setdefault(key, copy.deepcopy(resolved(inner, top)["default"]))
        filled(value.get(key), inner, top)


def loaded(documents: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - compared as a whole
    """Return the resources of documents, or the findings."""
    found = load_texts({"a.yaml": yaml.safe_dump_all(documents)}, LoadRequest("demo"))
    return found.bundle.resources if found.bundle else found.diagnostics


@pytest.mark.parametrize("kind", KINDS)
def test_schema_is_valid(kind: str) -> None:
    """Each schema is one of draft 2020-12, stands alone and says what it is."""
    found = schema(kind)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"].endswith(kind.lower())
    assert found["title"] == kind
    assert all(
        ref.startswith("#/$defs/") for ref in re.findall(r'"\$ref": "([^"]+)"', schema_text(kind))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_and_closed(kind: str) -> None:
    """Each field has a description, and each mapping says what else may be in it."""
    top = schema(kind)
    for path, part in [("", top), *fields(top, top)]:
        assert part.get("description", "").endswith("."), path
        if "properties" in part:
            assert part["additionalProperties"] is False, path


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_documented(kind: str) -> None:
    """The page of a kind has a row for each field of its schema, with its default, and no other."""
    page = (ROOT / "docs" / "kinds" / f"{kind.lower()}.md").read_text()
    rows = dict(re.findall(r"^\| `([^`]+)` \|[^|]+\| ([^|]*) \|", page, re.MULTILINE))
    top = schema(kind)
    known = {
        path.removeprefix("spec."): part for path, part in fields(top["properties"]["spec"], top)
    }
    assert set(rows) == set(known)
    for path, part in known.items():
        if "default" in part:
            assert json.dumps(part["default"]).strip('"') in rows[path], path


@pytest.mark.parametrize("kind", KINDS)
def test_examples_are_valid(kind: str) -> None:
    """The examples of a schema, and the YAML on the page of its kind, are valid."""
    page = (ROOT / "docs" / "kinds" / f"{kind.lower()}.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    documents = [found for block in blocks for found in yaml.load_all(block, yaml.BaseLoader)]
    assert documents
    texts = {f"{number}.yaml": block for number, block in enumerate(blocks)}
    told = load_texts(texts, LoadRequest("demo")).diagnostics
    assert [str(found) for found in told if "there is no" not in found.message] == []
    assert all(validator(kind).is_valid(example) for example in schema(kind)["examples"])


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_those_of_the_schema(kind: str) -> None:
    """A document that leaves out a field means the same as one that has the schema's default."""
    short = [document(each, SMALLEST[each]) for each in KINDS]
    full = copy.deepcopy(short)
    filled(full[KINDS.index(kind)], schema(kind), schema(kind))
    assert full != short
    assert loaded(full) == loaded(short)
    assert isinstance(loaded(short), dict)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Yield the path of every value inside."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*path, key))


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70_000),
    st.text(max_size=8),
    st.sampled_from(["", "a\n", "5m", "0s", "1Gi", "/a", "a/b", "WebApp/x", "{{ x }}", "200-299"]),
    st.sampled_from([{}, {"env": "A"}, {"file": "b"}, {"name": "x"}, [], ["a", "a"], [{}]]),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_both_validators_agree(data: st.DataObject) -> None:
    """What the fast validator refuses the other one explains, and it refuses nothing more."""
    kind = data.draw(st.sampled_from(KINDS))
    valid = [*schema(kind)["examples"], document(kind, SMALLEST[kind])]
    changed = copy.deepcopy(data.draw(st.sampled_from(valid)))
    path = data.draw(st.sampled_from(list(places(changed))[1:]))
    inside = changed
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = data.draw(JUNK)
    if isinstance(inside, dict):
        inside.update(
            data.draw(
                st.dictionaries(st.sampled_from(["x", "path", "tag", "hosts"]), JUNK, max_size=1)
            )
        )
    fits = validator(kind).is_valid(changed)
    assert explaining_validator(kind).is_valid(changed) == fits
    assert (explain(kind, changed) == []) == fits


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_that_is_written_makes_a_load_fail(data: st.DataObject) -> None:
    """Whatever stands at any place, in JSON or as a plain scalar, gives a bundle or findings."""
    kind = data.draw(st.sampled_from(KINDS))
    written = copy.deepcopy(data.draw(st.sampled_from(schema(kind)["examples"])))
    path = data.draw(st.sampled_from(list(places(written))[1:]))
    inside = written
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = "HERE"
    plain = st.sampled_from(["80.0", "-0.0", "1e9", "~", "*a", "!x y", "&a [*a]", "0s", "9999d"])
    junk = data.draw(st.one_of(JUNK.map(json.dumps), plain))
    found = load_texts({"a.yaml": json.dumps(written).replace('"HERE"', junk)}, LoadRequest("demo"))
    assert (found.bundle is None) == any(each.severity == "error" for each in found.diagnostics)
    assert all(each.span.line == 1 and each.message for each in found.diagnostics)


def test_schema_text_of_an_unknown_kind() -> None:
    """Asking for the schema of a kind that is not there names the ones that are."""
    assert json.loads(schema_text("webapp")) == schema("WebApp")
    with pytest.raises(ValueError, match="'Webb' is not a kind: choose one of Target, Registry"):
        schema_text("Webb")
