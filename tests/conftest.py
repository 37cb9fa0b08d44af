"""What holds for every test: a home of its own, and no tier that is left out in silence."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from support.places import Places

# Not from HOME, which a worker process inherits from the one that has replaced it already.
REAL_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
PRIVATE = (
    ".gitconfig",
    ".docker",
    ".ssh",
    ".netrc",
    ".git-credentials",
    ".config",
    ".local/state",
    ".cache/gitops",
)
"""What lies in a home and would make a test depend on whose machine it runs on."""

LEFT_OUT = pytest.StashKey[dict[str, int]]()
HOME = pytest.StashKey[str]()
PLACES = pytest.StashKey[Places]()


class RealHomeReadError(BaseException):
    """A test touched the home of whoever runs it; no `except OSError` may hide that."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose a tier."""
    group = parser.getgroup("tiers")
    group.addoption("--only-scenarios", action="store_true", help="run the scenario tier alone")
    group.addoption("--without-scenarios", action="store_true", help="leave the scenario tier out")


def pytest_configure(config: pytest.Config) -> None:
    """Give this process a home, and make a read of the real one an error."""
    config.stash[LEFT_OUT] = {}
    home = Path(tempfile.mkdtemp(prefix="gitops-home-")).resolve()
    config.stash[HOME] = str(home)
    own = getattr(config, "workerinput", {"places": str(home), "workercount": 1})
    config.stash[PLACES] = Places(Path(own["places"]), own["workercount"])
    _keep_pip_working()
    for variable in [name for name in os.environ if name.startswith(("GIT_", "GITOPS_", "XDG_"))]:
        del os.environ[variable]
    os.environ["HOME"] = str(home)
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        folder = home / f".{name.lower()}"
        folder.mkdir()
        os.environ[f"XDG_{name}_HOME"] = str(folder)
    os.environ["DOCKER_CONFIG"] = str(home / ".docker")
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    os.environ["GIT_TERMINAL_PROMPT"] = "0"
    (home / ".gitconfig").write_text(
        "[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n"
    )
    _guard(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home of this process."""
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


def _keep_pip_working() -> None:
    """Let the test that installs the wheel use the real cache and package index."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", REAL_HOME / ".cache"))
    os.environ.setdefault("PIP_CACHE_DIR", str(cache / "pip"))
    config = Path(os.environ.get("XDG_CONFIG_HOME", REAL_HOME / ".config")) / "pip/pip.conf"
    if config.exists():
        os.environ.setdefault("PIP_CONFIG_FILE", str(config))


def _guard(home: Path) -> None:
    """Watch every file that this process opens; the interpreter offers no way to stop watching."""
    private = tuple(str(REAL_HOME / name) for name in PRIVATE)
    allowed = (str(home), str(Path(__file__).parent.parent), sys.prefix)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in {"open", "os.listdir", "os.scandir"} or not isinstance(arguments[0], str):
            return
        path = arguments[0]
        if path.startswith(private) and not path.startswith(allowed):
            raise RealHomeReadError(f"{event} of {path}, in the home of whoever runs the tests")

    sys.addaudithook(audit)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tier; without an engine, skip what needs one, and say so."""
    scenarios = [item for item in items if item.get_closest_marker("scenario")]
    others = [item for item in items if not item.get_closest_marker("scenario")]
    if config.getoption("--without-scenarios"):
        if scenarios:
            config.stash[LEFT_OUT]["--without-scenarios"] = len(scenarios)
        config.hook.pytest_deselected(items=scenarios)
        items[:] = others
        return
    if config.getoption("--only-scenarios"):
        config.hook.pytest_deselected(items=others)
        items[:] = scenarios
    _skip_without_engine(config, scenarios)


def _skip_without_engine(config: pytest.Config, scenarios: list[pytest.Item]) -> None:
    """Mark every scenario as skipped when no engine answers."""
    why = _engine_problem() if scenarios else ""
    if why:
        config.stash[LEFT_OUT][why] = len(scenarios)
        for item in scenarios:
            item.add_marker(pytest.mark.skip(reason=why))


def _engine_problem() -> str:
    """Return why no Docker engine can be used, or an empty string."""
    try:
        client = docker.from_env(timeout=10)
        try:
            client.ping()
        finally:
            client.close()
    except (docker.errors.DockerException, OSError) as error:
        return f"no Docker engine answers (make engine): {type(error).__name__}"
    return ""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Let a scenario begin when there is room for it; its time limit counts from then on."""
    if item.get_closest_marker("scenario") is None:
        return (yield)
    places = item.config.stash[PLACES]
    timed = item.get_closest_marker("timed") is not None
    with places.taken(max(places.number - 1, 1) if timed else 1):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the count of this process to the one that prints the summary."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types
    """Tell a worker where all of them keep their places: in the home of the one that began them."""
    node.workerinput["places"] = node.config.stash[HOME]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types
    """Take a worker's count. Every worker collects all tests, so they agree."""
    node.config.stash[LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many scenario tests did not run, and why."""
    for why, count in config.stash[LEFT_OUT].items():
        terminalreporter.write_line(f"scenario tier: {count} tests did not run: {why}")


@pytest.fixture(autouse=True)
def _same_folder() -> Iterator[None]:
    """Put a test back into the folder where it began, whatever it changed to."""
    before = Path.cwd()
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top folder of the project."""
    return Path(__file__).parent.parent
