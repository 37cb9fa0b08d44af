"""Runs the command line inside the test's process, as `main` does, and keeps both streams."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from gitops.cli.main import run


class Ran(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str

    def json(self) -> object:
        """Return standard output as JSON."""
        return json.loads(self.out)


def gitops(*arguments: object) -> Ran:
    """Run `gitops ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = run([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(str(ended.code or 0))
    return Ran(code, out.getvalue(), err.getvalue())
