"""Where the time of a no-op goes, phase by phase, as medians of processes that time themselves."""

from __future__ import annotations

import json
import statistics
import sys
import time

from turns import QUICK_ROUNDS
from workspace import Workspace

SCRIPT = """
import sys, time
times = [("start of Python", time.time())]
def mark(name):
    times.append((name, time.time()))
import gc
gc.disable()
import click
mark("import of click")
import gitops.cli.reconcile
from pathlib import Path
from gitops.cli import deciding, loading
from gitops.cli.options import SpecOptions
from gitops.engine import decide as core
mark("other imports")
specs = SpecOptions((Path(sys.argv[1]),), sys.argv[2], (), ())
settings = loading.settings()
first = deciding.FirstLook(sys.argv[2], settings)
bundle = loading.read_bundle(specs)
mark("reading specs (the engine is asked meanwhile)")
seat = deciding.take_seat(bundle, settings, first)
inputs = core.read_inputs(bundle, seat.world)
seen = core.observe_engines(bundle.project, seat.world.sites)
mark("waiting for the engine")
wanted = core.work_out(bundle, inputs, core.notes_of(seen))
tags = core.lookups(wanted, bundle)
mark("what is wanted")
observed = core.observe(bundle, seat.world, seen, wanted.gateways, tags)
history = seat.store.history(bundle.project)
mark("gateway and memory")
plan = core.make_plan(core.Question(wanted, observed, history, inputs))
mark("plan")
assert plan.converged
import json
print(json.dumps(times))
sys.stdout.flush()
gc.freeze()
"""


def of(space: Workspace, command: list[str]) -> str:
    """Return the phases of `reconcile` in words."""
    file = command[command.index("--file") + 1]
    project = command[command.index("--project") + 1]
    found: dict[str, list[float]] = {}
    for _ in range(QUICK_ROUNDS):
        last = time.time()
        output = space.run([sys.executable, "-c", SCRIPT, file, project])
        for name, moment in json.loads(output):
            found.setdefault(name, []).append((moment - last) * 1000)
            last = moment
        found.setdefault("end of Python", []).append((time.time() - last) * 1000)
    return ", ".join(f"{name} {statistics.median(times):.0f} ms" for name, times in found.items())
