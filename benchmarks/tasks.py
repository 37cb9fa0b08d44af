"""Tasks: a run of three steps against the docker commands that do the same, its log, a hash."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from builders import chosen
from figures import Row, Section, against
from turns import in_turns, timed
from workspace import Workspace, free_port

from gitops.drivers.sources.folder import read_folder

LIMIT = 1.15
WORK = {"steps that do nothing": ("RUN true", "true"), "steps of 2 s": ("RUN sleep 2", "sleep 2")}
MEGABYTES = 100
LINES = MEGABYTES * 10_000
FILES = 10_000


def measure(space: Workspace) -> Section:
    """Return the figures of runs, of a log, and of the hash of a context."""
    builder, env = chosen()
    with _registry(space) as registry:
        rows = [_three(space, name, registry, env["DOCKER_BUILD"].split()) for name in WORK]
    rows += [_log(space), _hash(space)]
    note = f"Both sides build with {builder}, run the new image, and push to the same registry."
    once = (
        "The round that does not count asks the docker CLIs what they can do, which gitops keeps"
        " for a day, and looks through the build cache, which it does for 2 % of the time at most."
    )
    return Section("Tasks", rows, [note, once])


@contextmanager
def _registry(space: Workspace) -> Iterator[str]:
    port, name = free_port(), space.name("registry")
    start = ["docker", "run", "-d", "--name", name, "-p", f"127.0.0.1:{port}:5000", "registry:2"]
    space.run(start)
    try:
        yield f"localhost:{port}"
    finally:
        space.run(["docker", "rm", "-f", "-v", name])


def _three(space: Workspace, name: str, registry: str, build: list[str]) -> Row:
    line, command = WORK[name]
    dockerfile = f"FROM busybox:latest\nCOPY round.txt /\n{line}\n"
    folder = space.write("three/Dockerfile", dockerfile).parent
    image = f"{registry}/{name.replace(' ', '-')}"
    space.write(
        "three.yaml",
        "version: v1.1.0\nsteps:\n"
        f'  - build: "-t {image}:$ID ."\n  - cmd: "{image}:$ID {command}"\n'
        f'  - push: ["{image}:$ID"]\n',
    )

    def fresh(number: int) -> None:
        # Never seen before, or a layer of an earlier measurement on this engine would do.
        (folder / "round.txt").write_text(f"{number} {time.time_ns()}")

    def ours(number: int) -> float:
        fresh(number)
        run = [space.gitops, "run", "three.yaml", "three", "--registry", registry]
        return timed(lambda: space.run(run))(number)

    def theirs(number: int) -> float:
        fresh(number)
        made = f"{image}:d{number}"

        def three() -> None:
            space.run([*build, "-t", made, str(folder)])
            space.run(["docker", "run", "--rm", made, *command.split()])
            space.run(["docker", "push", made])

        return timed(three)(number)

    found = in_turns({"gitops": ours, "docker": theirs})
    return against(f"build, run, push: {name}", found["gitops"], ("docker", found["docker"]), LIMIT)


def _log(space: Workspace) -> Row:
    script = f"yes {'x' * 99} | head -n {LINES}"
    sides = {
        "gitops": [space.gitops, "run", "--cmd", f"busybox sh -c '{script}'"],
        "docker": ["docker", "run", "--rm", "busybox", "sh", "-c", script],
    }
    found = in_turns({name: timed(lambda run=run: space.run(run)) for name, run in sides.items()})
    row = against(
        f"{MEGABYTES} MB of output", found["gitops"], ("docker run", found["docker"]), None
    )
    return row._replace(what=f"{row.what}, {MEGABYTES / found['gitops']:.0f} MB/s")


def _hash(space: Workspace) -> Row:
    folder = space.folder / "many"
    for number in range(FILES):
        space.write(f"many/{number % 100:02}/{number}.txt", f"{number}\n" * 100)
    space.write("many/Dockerfile", "FROM busybox\n")
    git = folder.parent / "many.git"

    def theirs(_round: int) -> float:
        shutil.rmtree(git, ignore_errors=True)
        where = [f"--git-dir={git}", f"--work-tree={folder}"]
        subprocess.run(["git", "init", "--quiet", "--bare", str(git)], check=True)
        began = time.perf_counter()
        for words in (["add", "-A"], ["write-tree"]):
            subprocess.run(["git", *where, *words], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    ours = timed(lambda: read_folder(str(folder), "Dockerfile"))
    found = in_turns({"gitops": ours, "git": theirs})
    other = ("git add and write-tree", found["git"])
    return against(f"hash of a folder of {FILES:,} files", found["gitops"], other, None)
