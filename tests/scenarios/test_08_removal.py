"""Obligation: what is removed is what the user took out of the specs, and nothing else, ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cleaning import clean
from support.scenario import World

pytestmark = pytest.mark.scenario


def app(world: World, name: str) -> dict[str, Any]:
    """Return an app of an image that the engine has, so that nothing has to be built."""
    page = f"echo {name} > /index.html; trap exit TERM; httpd -f -p 8000 -h / & wait"
    spec = {"image": {"name": "busybox"}, "command": ["sh", "-c", page], "port": 8000}
    return world.document("WebApp", name, {**spec, **world.quick})


def write(world: World, *names: str) -> None:
    """Write the target to one file, and each app to a file of its own."""
    world.documents(world.base()[0], name="target.yaml")
    for name in names:
        world.documents(app(world, name), name=f"{name}.yaml")


@pytest.fixture
def pair(world: World) -> World:
    """Give a world in which the apps `one` and `two` run."""
    write(world, "one", "two")
    world.gitops("reconcile")
    return world


def served(world: World, *names: str) -> bool:
    """Say whether each of these apps answers."""
    return all(world.ask(f"{name}.localhost") == (200, f"{name}\n") for name in names)


def test_an_app_out_of_the_specs_is_removed(pair: World) -> None:
    """An app whose spec is taken away is removed with its route; the other one is not touched."""
    two = pair.container("WebApp", "two")["Id"]
    (pair.specs / "one.yaml").unlink()
    pair.gitops("reconcile")
    assert pair.containers("one") == []
    assert pair.ask("one.localhost").status == 404
    assert served(pair, "two")
    assert pair.container("WebApp", "two")["Id"] == two


def test_a_renamed_file_moves_nothing(pair: World) -> None:
    """What a spec file is called, and in which folder it lies, changes nothing that runs."""
    before = pair.ids()
    (pair.specs / "deeper").mkdir()
    (pair.specs / "one.yaml").rename(pair.specs / "deeper/renamed.yml")
    said = pair.gitops("reconcile").out
    assert "0 steps" in said
    assert pair.ids() == before


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_text("kind: [never, closed"), id="invalid YAML"),
        pytest.param(lambda path: path.write_bytes(b"kind: \xff\xfe\n"), id="not UTF-8"),
        pytest.param(
            lambda path: path.write_text(path.read_text().partition("image:")[0]),
            id="half written",
        ),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a folder in its place"),
        pytest.param(
            lambda path: (path.unlink(), path.symlink_to(path.parent / "gone")), id="a dead link"
        ),
        pytest.param(lambda path: path.write_text(""), id="empty"),
    ],
)
def test_a_file_that_cannot_be_read_prunes_nothing(pair: World, spoil: Any) -> None:  # noqa: ANN401
    """While one file cannot be read, nothing is removed, and the file is named."""
    before = pair.ids()
    spoil(pair.specs / "one.yaml")
    failed = pair.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert "one.yaml" in failed.err
    assert pair.ids() == before
    assert served(pair, "one", "two")


def test_an_empty_folder_is_refused(pair: World) -> None:
    """A folder without any spec is an error, not a wish for nothing."""
    before = pair.ids()
    for path in pair.specs.iterdir():
        path.unlink()
    failed = pair.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert str(pair.specs) in failed.err
    assert pair.ids() == before


def test_removing_every_app_is_refused(pair: World) -> None:
    """A plan that would remove every app is refused until it is asked for by name."""
    before = pair.ids()
    (pair.specs / "one.yaml").unlink()
    (pair.specs / "two.yaml").unlink()
    refused = pair.gitops("reconcile", ok=False)
    assert refused.code == 1
    assert "--allow-mass-removal" in refused.text
    assert pair.ids() == before
    assert served(pair, "one", "two")
    pair.gitops("reconcile", "--allow-mass-removal")
    assert pair.containers("one") == pair.containers("two") == []


def test_removing_many_apps_is_refused(world: World) -> None:
    """Of more than five apps, more than a fifth are not removed without being asked for."""
    names = [f"app{number}" for number in range(6)]
    write(world, *names)
    world.gitops("reconcile")
    before = world.ids()
    for name in names[:2]:
        (world.specs / f"{name}.yaml").unlink()
    assert "--allow-mass-removal" in world.gitops("reconcile", ok=False).text
    assert world.ids() == before
    world.documents(app(world, names[0]), name="back.yaml")
    world.gitops("reconcile")
    assert served(world, *names[2:], names[0])
    assert world.containers(names[1]) == []


@pytest.fixture
def neighbour(pair: World, tmp_path: Path) -> Iterator[World]:
    """Give another project on the same engine, whose name begins with the first one's."""
    folder = tmp_path / "neighbour"
    folder.mkdir()
    made = World(folder)
    made.project = f"{pair.project}-two"
    try:
        write(made, "one", "two")
        made.gitops("reconcile")
        yield made
    finally:
        clean(made)


def test_other_projects_are_never_touched(pair: World, neighbour: World) -> None:
    """Two projects on one engine never touch each other's things, whatever their names are."""
    before = neighbour.ids()
    assert len(before) == 3
    (pair.specs / "one.yaml").unlink()
    pair.gitops("reconcile")
    pair.gitops("down")
    assert pair.containers() == []
    assert neighbour.ids() == before
    assert served(neighbour, "one", "two")


def test_a_strangers_container_is_never_touched(pair: World) -> None:
    """A container that someone else made is left alone, however much it looks like ours."""
    ours = pair.container("WebApp", "one")["Names"][0].lstrip("/")
    labels = {"gitops.kind": "WebApp", "gitops.name": "one", "gitops.project": f"{pair.project}x"}
    made = [
        pair.engine.create_container("busybox", ["sleep", "600"], name=f"{ours}-2")["Id"],
        pair.engine.create_container("busybox", ["sleep", "600"], labels=labels)["Id"],
    ]
    try:
        for container in made:
            pair.engine.start(container)
        (pair.specs / "one.yaml").unlink()
        pair.gitops("reconcile")
        assert pair.containers("one") == []
        pair.gitops("down")
        states = [pair.engine.inspect_container(one)["State"]["Running"] for one in made]
        assert states == [True, True]
    finally:
        for container in made:
            pair.engine.remove_container(container, force=True)


def test_a_saved_plan_is_carried_out_exactly(pair: World) -> None:
    """A saved plan is carried out as it is, and refused once the world or the specs have moved."""
    saved = pair.folder / "plan.json"
    assert pair.gitops("plan", "--detailed-exitcode").code == 0
    write(pair, "one", "two", "three")
    planned = pair.gitops("plan", "--detailed-exitcode", "--out", str(saved), ok=None)
    assert planned.code == 2
    assert {step["address"] for step in json.loads(saved.read_text())["steps"]} == {"WebApp/three"}
    before = pair.ids()

    pair.engine.remove_container(pair.container("WebApp", "two")["Id"], force=True)
    moved = pair.ids()
    refused = pair.gitops("reconcile", "--plan", str(saved), ok=False)
    assert refused.code == 1
    assert "moved" in refused.err
    assert pair.ids() == moved

    pair.gitops("plan", "--out", str(saved))
    pair.gitops("reconcile", "--plan", str(saved))
    assert served(pair, "one", "two", "three")
    assert before.items() & pair.ids().items(), "what was in sync is still the same container"
    again = pair.gitops("reconcile", "--plan", str(saved), ok=False)
    assert "moved" in again.err


def test_a_saved_plan_does_not_cover_what_came_later(pair: World) -> None:
    """A saved plan is refused when the specs ask for more by now than what was agreed to."""
    saved = pair.folder / "plan.json"
    write(pair, "one", "two", "three")
    pair.gitops("plan", "--out", str(saved))
    write(pair, "four")
    before = pair.ids()
    assert "moved" in pair.gitops("reconcile", "--plan", str(saved), ok=False).err
    assert pair.ids() == before


def test_exit_codes_of_a_plan(pair: World) -> None:
    """`plan --detailed-exitcode` ends with 0 in sync, 2 with changes, and 1 on an error."""
    assert pair.gitops("plan", "--detailed-exitcode", ok=None).code == 0
    (pair.specs / "one.yaml").unlink()
    assert pair.gitops("plan", "--detailed-exitcode", ok=None).code == 2
    assert pair.gitops("plan").code == 0
    (pair.specs / "two.yaml").write_text("kind: [")
    assert pair.gitops("plan", "--detailed-exitcode", ok=None).code == 1
