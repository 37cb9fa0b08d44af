"""What becomes of a build when something newer is wanted: each policy of `concurrency`."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from support.planning import bundle_of, source_of
from support.steps import INPUTS, plan, start

from gitops.engine.decide import Decision
from gitops.engine.watch.works import Work, Works
from gitops.model.address import Address
from gitops.model.observed import Observed
from gitops.plan.parts import parts_of, wishes
from gitops.plan.wanted import work_out

TASK = Address("BuildTask", "shop")
SPECS = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
---
kind: Repository
metadata: {name: shop}
spec: {registry: local}
---
kind: BuildTask
metadata: {name: shop}
spec: {repository: shop, source: {path: app}, concurrency: {policy: POLICY}}
"""


def decision(policy: str, tree: str) -> Decision:
    """Return a decision for a source of this tree."""
    bundle = bundle_of(SPECS.replace("POLICY", policy))
    inputs = INPUTS._replace(sources={TASK: source_of(tree)})
    wanted = work_out(bundle, inputs, {})
    return Decision(bundle, inputs, wanted, Observed({}, {}, {}), plan(start(1, address=TASK)))


@pytest.mark.parametrize(
    ("policy", "called_off"), [("coalesce", True), ("cancel", True), ("queue", False)]
)
def test_a_newer_wish(policy: str, *, called_off: bool) -> None:
    """A newer wish calls a build off, unless its task has its runs come to their end."""
    works = Works(lambda: None)
    before = decision(policy, "one")
    (part,) = parts_of(before.plan)
    work = Work(part, wishes(before.wanted), Event(), Thread(), [])
    works._works.append(work)
    assert works.overtake(decision(policy, "one")) == frozenset()
    assert not work.cancel.is_set()
    overtaken = works.overtake(decision(policy, "two"))
    assert work.cancel.is_set() is called_off
    assert overtaken == (frozenset({TASK}) if called_off else frozenset())
