"""The look that begins while the specs are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.settings import DEFAULT_ENGINE, Settings, read_settings
from gitops.wiring.first_look import EarlyEngineReader, FirstLook


def settings(folder: Path, engine: str) -> Settings:
    environ = {"HOME": str(folder), "DOCKER_HOST": engine}
    return read_settings(environ, "someone", "somewhere")


def test_dead_engine_is_told_by_the_first_look(tmp_path: Path) -> None:
    """What the early look ended with is raised when it is asked for, not before."""
    chosen = settings(tmp_path, f"unix://{tmp_path}/none.sock")
    reader = EarlyEngineReader(
        FirstLook("shop", chosen), DockerEngineReader(connect_engine(chosen.engine, {}))
    )
    for _ in range(2):
        with pytest.raises(DriverError) as caught:
            reader.snapshot("shop")
        assert caught.value.kind is ErrorKind.UNREACHABLE


def test_nonsense_address_is_told_by_the_first_look(tmp_path: Path) -> None:
    """An address that is none is an error of the look, not of beginning it."""
    first = FirstLook("shop", settings(tmp_path, "nonsense"))
    with pytest.raises(DriverError, match="not the address of an engine"):
        first.snapshot("shop")


@pytest.mark.scenario
def test_first_look_is_used_once(tmp_path: Path) -> None:
    """The first to ask is given what was seen early; the next one asks the engine again."""
    early: list[str] = []
    late: list[str] = []
    chosen = settings(tmp_path, DEFAULT_ENGINE)
    first = FirstLook("shop", chosen, lambda _method, path: early.append(path))
    http = connect_engine(chosen.engine, {}, lambda _method, path: late.append(path))
    reader = EarlyEngineReader(first, DockerEngineReader(http))
    reader.snapshot("shop")
    assert (len(early), len(late)) == (3, 0)
    reader.snapshot("shop")
    assert (len(early), len(late)) == (3, 3)
    http.close()


@pytest.mark.scenario
def test_first_look_of_another_project_is_not_used(tmp_path: Path) -> None:
    """What was seen for one project is never taken for another: its volumes are not in it."""
    late: list[str] = []
    chosen = settings(tmp_path, DEFAULT_ENGINE)
    http = connect_engine(chosen.engine, {}, lambda _method, path: late.append(path))
    reader = EarlyEngineReader(FirstLook("shop", chosen), DockerEngineReader(http))
    reader.snapshot("forge")
    assert len(late) == 3
    http.close()
