"""Why a process ended, from its exit code, what the engine noted, and its last words."""

from __future__ import annotations

import signal

from gitops.engine.deploys import clues
from gitops.model.probing import Diagnosis, GateReport

_AT_ONCE = 1.0
"""Seconds. A process that ends sooner did not do anything before it failed."""

_NOT_EXECUTABLE, _NOT_FOUND, _SIGNALS, _LARGEST = 126, 127, 128, 255
"""Exit codes of shells: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_08_02"""


def explained(report: GateReport) -> Diagnosis:
    """Return why the process of `report` ended, and what to do."""
    for clue in (_memory, _machine, _command, _variable, _port, _ended_by_signal):
        found = clue(report)
        if found is not None:
            return found
    quote = _quoted(clues.last_line(report.log))
    if report.exit_code == 0:
        return Diagnosis(
            f"it ends {_when(report)} with exit code 0, as if its work were done{quote}",
            "the command has to stay in the foreground and go on serving",
        )
    return Diagnosis(
        f"it exits {_when(report)} with exit code {report.exit_code}{quote}",
        "correct what its log complains about, and commit",
    )


def _memory(report: GateReport) -> Diagnosis | None:
    if not report.oom:
        return None
    limit = f"its limit of {size(report.memory)}" if report.memory else "what the machine has"
    return Diagnosis(
        f"it ran out of memory: it took more than {limit}, and was killed",
        "raise resources.memory in the spec, or let the app use less",
    )


def _machine(report: GateReport) -> Diagnosis | None:
    if clues.wrong_machine((*report.log, report.error)) is None:
        return None
    return WRONG_MACHINE


WRONG_MACHINE = Diagnosis(
    "its program is for another processor architecture than the engine's machine (exec format"
    " error), or it is a script without a #! line",
    "build the image for the engine's platform, or name one that has it",
)


def _command(report: GateReport) -> Diagnosis | None:
    if report.exit_code == _NOT_FOUND:
        clue, what = clues.no_program(report.log), "is not found"
    elif report.exit_code == _NOT_EXECUTABLE:
        clue, what = clues.not_allowed(report.log), "may not be executed"
    else:
        return None
    said = _quoted(clue.line) if clue else ""
    return Diagnosis(
        f"its command cannot be run: a program in it {what} (exit code {report.exit_code}){said}",
        "correct spec.command, or the image's CMD or ENTRYPOINT",
    )


def _variable(report: GateReport) -> Diagnosis | None:
    clue = clues.missing_variable(report.log)
    if clue is None:
        return None
    return Diagnosis(
        f"it exits {_when(report)}, and its log says that the environment variable {clue.name} is"
        f" missing{_quoted(clue.line)}",
        f"set {clue.name} in spec.env",
    )


def _port(report: GateReport) -> Diagnosis | None:
    clue = clues.port_taken(report.log)
    if clue is None:
        return None
    return Diagnosis(
        f"it exits {_when(report)}, because a port in its container is in use{_quoted(clue.line)}",
        "two processes of the app, or a sidecar, listen on the same port; give one another",
    )


def _ended_by_signal(report: GateReport) -> Diagnosis | None:
    number = report.exit_code - _SIGNALS
    if not 0 < number <= _LARGEST - _SIGNALS:
        return None
    try:
        name = signal.Signals(number).name
    except ValueError:
        return None
    if name == "SIGKILL" and report.memory:
        # Engines (20.10 with containerd 1.6) miss some of the kernel's kills.
        return Diagnosis(
            f"it was ended by SIGKILL {_when(report)} (exit code {report.exit_code}); most likely"
            f" it took more than its limit of {size(report.memory)}",
            "raise resources.memory in the spec, unless somebody killed it",
        )
    todo = {
        "SIGSEGV": "the program crashed; its log, or a run by hand, may show where",
        "SIGABRT": "the program gave up by itself; its log should say why",
        "SIGKILL": "something killed it; if the whole machine lacks memory, its kernel log says so",
    }.get(name, "something told it to end; find out what did")
    quote = _quoted(clues.last_line(report.log))
    cause = f"it was ended by {name} {_when(report)} (exit code {report.exit_code}){quote}"
    return Diagnosis(cause, todo)


def _when(report: GateReport) -> str:
    if report.seconds < _AT_ONCE:
        return "at once"
    return f"{report.seconds:.0f} s after its start"


def _quoted(line: str) -> str:
    return f"; its log says: {line}" if line else ""


def size(octets: int) -> str:
    """Return a size as the spec has it: `32Mi`."""
    for power, unit in ((30, "Gi"), (20, "Mi"), (10, "Ki")):
        if octets % (1 << power) == 0:
            return f"{octets >> power}{unit}"
    return f"{octets} bytes"
