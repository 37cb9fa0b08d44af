"""What holds for build tasks that build on each other, on tags and on pull requests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_world import ModelWorld
from support.planning import NOTHING, Play, Wish, base_of, carry_out, converge, plan_of, wish_of
from support.story import Story

from gitops.model.actions import Build, RunTask
from gitops.plan.text import as_text

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
fast = settings(max_examples=EXAMPLES or 40, deadline=None, derandomize=not EXAMPLES)
NAMES = ("one", "two", "three")
HEAD = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
"""
STEPS = ', steps: [{push: ["localhost:5000/one:x"]}]'


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Draw tasks with every kind of trigger, and a state of what they follow."""
    specs, sources = HEAD, dict[str, Any]()
    commits = st.sampled_from(["1", "2"])
    for number, name in enumerate(NAMES):
        base = draw(st.sampled_from(["debian:12", *(f"localhost:5000/{one}" for one in NAMES)]))
        after = draw(st.sampled_from([(), NAMES[:number][-1:]]))
        triggers = {
            "commit": f"{{enabled: {str(draw(st.booleans())).lower()}}}",
            "schedule": '[{name: nightly, cron: "0 2 * * *"}]' if draw(st.booleans()) else "[]",
            "after": f"[{', '.join(f'BuildTask/{one}' for one in after)}]",
        }
        said = ", ".join(f"{key}: {value}" for key, value in triggers.items())
        more = STEPS if draw(st.integers(0, 3)) == 0 else ""
        specs += (
            f"---\nkind: Repository\nmetadata: {{name: {name}}}\nspec: {{registry: local}}\n"
            f"---\nkind: BuildTask\nmetadata: {{name: {name}}}\n"
            f"spec: {{repository: {name}, source: {{path: a}}, triggers: {{{said}}}{more}}}\n"
        )
        commit = draw(commits)
        sources[name] = {
            "tree": f"t{commit}",
            "commit": f"c{commit}",
            "recipe": f"FROM {base}\n",
            "beside": draw(st.lists(_beside(), max_size=2, unique_by=lambda one: one["tree"])),
        }
    found = wish_of(specs, sources)
    seen = draw(st.sampled_from(["a", "b", "unreachable", "absent"]))
    now = 1000.0 + 86400 * draw(st.integers(0, 2))
    return found._replace(bases={"debian:12": base_of(seen)}, now=now)


def _beside() -> st.SearchStrategy[Mapping[str, str]]:
    return st.sampled_from(
        [
            {"tree": "t1", "commit": "c1", "tag": "v1.0"},
            {"tree": "p1", "commit": "d1", "pull": "7"},
            {"tree": "p2", "commit": "d2", "pull": "8"},
        ]
    )


@fast
@given(before=wishes(), wanted=wishes(), limit=st.integers(0, 20))
def test_tasks_come_to_rest_from_anywhere(before: Wish, wanted: Wish, limit: int) -> None:
    """After a kill anywhere and a new wish each image is built once, and then nothing is left."""
    world = ModelWorld()
    history = carry_out(plan_of(before, world), world, Play(limit))
    plan = plan_of(wanted, world, history)
    made = [step.action.image for step in plan.steps if isinstance(step.action, Build | RunTask)]
    assert len({image.ref for image in made}) == len(made), as_text(plan)
    for image in made:
        assert image.ref.tag.startswith(f"pr-{image.pull}-" if image.pull else "gitops-")
        assert image.moving == ((f"pr-{image.pull}",) if image.pull else image.moving)
    end, _ = converge(wanted, world, history)
    assert not end.steps


@fast
@given(wanted=wishes(), outage=st.sampled_from(["unreachable", "absent"]))
def test_an_outage_of_base_images_makes_no_run(wanted: Wish, outage: str) -> None:
    """When what was seen of a base image cannot be seen any more, nothing is done."""
    world = ModelWorld()
    _, history = converge(wanted, world, NOTHING)
    dark = wanted._replace(bases={"debian:12": base_of(outage)})
    plan = plan_of(dark, world, history)
    assert not plan.steps, as_text(plan)


def test_a_pull_request_that_fails_keeps_nothing_from_convergence() -> None:
    """What a stranger wrote and does not build is theirs to mend: the branch is as wanted."""
    case = yaml.safe_load((Path(__file__).parent / "cases" / "pull-failed.yaml").read_text())
    main = {**case["sources"]["hello"], "tree": "t1", "commit": "c1"}
    story = Story({**case, "sources": {"hello": main}})
    plan = story.plan()
    assert [str(address) for address in plan.blocked] == ["BuildTask/hello@pr-7"]
    assert plan.converged, as_text(plan)
