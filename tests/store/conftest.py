"""A store in a temporary folder, and the values that fill it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitops.model.actions import CreateNetwork
from gitops.model.address import Address
from gitops.model.lease import Lease
from gitops.model.plan import Step
from gitops.model.records import NewRun, RunPlan
from gitops.store.store import Store

SHOP = Address("WebApp", "shop")
NOON = 1_800_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "memory.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened


@pytest.fixture
def begin(store: Store) -> Callable[..., str]:
    """Start a run of two steps, at a time, for a project."""

    def start(started: float = NOON, project: str = "demo") -> str:
        lease = Lease("lease-1", "ann@laptop", "laptop", "4711", "reconcile")
        plan = RunPlan("create network", '{"steps": 2}')
        steps = [Step(n, SHOP, CreateNetwork("local", "net", SHOP), "not there") for n in (1, 2)]
        return store.runs.start(
            NewRun(project, "reconcile", "by hand", lease, started, plan), steps
        )

    return start
