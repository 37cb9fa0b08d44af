"""Runs the application that scenarios deploy as plain processes, taken out of its image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from support.bench_app import BenchApp, fetch_program

Launch = Callable[..., BenchApp]


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """Give a client of the engine."""
    client = docker.from_env(version="auto", timeout=60)
    yield client.api
    client.close()


@pytest.fixture(scope="session")
def program(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the application's program."""
    return fetch_program(engine, tmp_path_factory.mktemp("program"))


@pytest.fixture
def launch(program: Path) -> Iterator[Launch]:
    """Give a function that runs the application with an environment, until the test ends."""
    made: list[BenchApp] = []

    def start(*, listens: bool = True, **environ: object) -> BenchApp:
        made.append(BenchApp(program, {"VERSION": "one", **environ}, listens=listens))
        return made[-1]

    yield start
    for app in made:
        app.stop()
