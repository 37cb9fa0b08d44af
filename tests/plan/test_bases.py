"""What tasks build on, and in what order they come."""

from __future__ import annotations

from support.planning import wish_of

from gitops.plan.builds.bases import elsewhere, followed, ground

HEAD = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
"""
PYTHON = "FROM python:3.13 AS build\nFROM debian:12\nCOPY --from=build /x /x\n"


def specs(**tasks: str) -> str:
    """Return the specs of tasks with these additions, each with a repository of its own."""
    return HEAD + "".join(
        f"---\nkind: Repository\nmetadata: {{name: {name}}}\nspec: {{registry: local}}\n"
        f"---\nkind: BuildTask\nmetadata: {{name: {name}}}\n"
        f"spec: {{repository: {name}, source: {{path: {name}}}{more}}}\n"
        for name, more in tasks.items()
    )


def source(recipe: str) -> dict[str, str]:
    """Return a source with this Dockerfile."""
    return {"tree": "t", "commit": "c1", "branch": "main", "recipe": recipe}


def on(recipe: str, more: str = "") -> tuple[str, ...]:
    """Return what a task with this Dockerfile follows."""
    wish = wish_of(specs(shop=more), {"shop": source(recipe)})
    return followed(wish.bundle.tasks[0], wish.inputs)


def order(tasks: dict[str, str], recipes: dict[str, str]) -> tuple[list[str], set[str]]:
    """Return the names of the tasks in their order, and those in circles."""
    wish = wish_of(specs(**tasks), {name: source(text) for name, text in recipes.items()})
    found = ground(wish.bundle, wish.inputs)
    return [task.address.name for task in found.order], {one.name for one in found.circle}


def test_every_image_of_the_build_is_followed() -> None:
    """The stage that runs and those that are copied from count, each once."""
    assert sorted(on(PYTHON)) == ["debian:12", "python:3.13"]
    assert on("FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /x /x\n") == ("debian:12",)


def test_args_of_the_task_choose_the_base() -> None:
    """An ARG before FROM has the value that the task gives it, with its placeholders filled in."""
    recipe = "ARG V=3.12\nFROM python:$V\n"
    assert on(recipe) == ("python:3.12",)
    assert on(recipe, ', args: {V: "3.13"}') == ("python:3.13",)
    assert on(recipe, ', args: {V: "{{ branch }}"}') == ("python:main",)


def test_what_is_not_followed_has_no_bases() -> None:
    """With the trigger off, of steps, and of an unread Dockerfile nothing is asked."""
    assert on(PYTHON, ", triggers: {baseImage: {enabled: false}}") == ()
    assert on(PYTHON, ', steps: [{push: ["localhost:5000/shop:x"]}]') == ()
    assert on("") == ()


def test_only_images_from_elsewhere_are_asked_for() -> None:
    """What a task of the project makes is not looked up: its name is known before it is built."""
    wish = wish_of(
        specs(base="", shop=""),
        {"base": source("FROM debian:12"), "shop": source("FROM localhost:5000/base")},
    )
    assert elsewhere(wish.bundle, wish.inputs) == ("debian:12",)


def test_a_task_comes_after_those_it_builds_on() -> None:
    """By `latest`, by no tag, by a tag of the task's own, and by `after`."""
    free = {"base": "FROM scratch"}
    for name in ("base", "base:latest", "base:main"):
        recipes = {"app": f"FROM localhost:5000/{name}", **free}
        tasks = {"app": "", "base": ', tags: ["{{ branch }}"]'}
        assert order(tasks, recipes) == (["base", "app"], set()), name
    tasks = {"app": ", triggers: {after: [BuildTask/base]}", "base": ""}
    assert order(tasks, {"app": "FROM scratch", **free}) == (["base", "app"], set())


def test_a_base_is_known_by_any_of_its_names() -> None:
    """A task that makes an image of Docker Hub is found by the short name as well."""
    made = specs(base="", app="").replace('"localhost:5000", managed: {}', "docker.io")
    recipes = {"base": source("FROM scratch"), "app": source("FROM base")}
    wish = wish_of(made, recipes)
    assert elsewhere(wish.bundle, wish.inputs) == ()
    assert [task.address.name for task in ground(wish.bundle, wish.inputs).order] == ["base", "app"]


def test_a_base_by_its_digest_has_no_maker() -> None:
    """An exact digest is not followed, whoever makes the tag before it."""
    pinned = f"FROM localhost:5000/base:latest@sha256:{'a' * 64}"
    recipes = {"base": source("FROM scratch"), "app": source(pinned)}
    wish = wish_of(specs(base="", app=""), recipes)
    found = ground(wish.bundle, wish.inputs)
    assert [found.maker(name) for name in followed(wish.bundle.tasks[1], wish.inputs)] == [None]


def test_a_tag_that_the_task_does_not_set_is_from_elsewhere() -> None:
    """`latest` of a task that does not move it is an image that somebody else made."""
    wish = wish_of(
        specs(base=", latest: false", shop=""),
        {"base": source("FROM scratch"), "shop": source("FROM localhost:5000/base")},
    )
    assert elsewhere(wish.bundle, wish.inputs) == ("localhost:5000/base",)


def test_a_task_may_build_on_its_own_image() -> None:
    """A task on its own last image is no circle, and not made to run by itself."""
    assert order({"app": ""}, {"app": "FROM localhost:5000/app"}) == (["app"], set())


def test_all_circles_are_found_and_come_before_what_needs_them() -> None:
    """Two circles are told at once; a task on one of them is in none, and comes after it."""
    recipes = {
        "top": "FROM localhost:5000/a",
        "a": "FROM localhost:5000/b",
        "b": "FROM localhost:5000/a",
        "c": "FROM localhost:5000/d",
        "d": "FROM localhost:5000/c",
    }
    names, circle = order(dict.fromkeys(recipes, ""), recipes)
    assert circle == {"a", "b", "c", "d"}
    assert names.index("top") > names.index("a")
