"""Why a new container did not pass the gate: one plain sentence, and one that says what to do.

Facts in, words out. It says what the facts show; where they leave two causes open, it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops.engine.deploys import endings
from gitops.model.probing import Diagnosis, Fault, GateReport, Listener, Trouble
from gitops.model.webapp import Health

_NOT_READY = 503
_NOT_FOUND = 404
_LOGIN = (401, 403)
_MOVED = range(300, 400)
_SERVER_ERROR = 500

Explain = Callable[[GateReport, Health, Trouble], Diagnosis]


def diagnose(report: GateReport, health: Health) -> Diagnosis:
    """Return why the container of `report`, asked as `health` says, did not pass."""
    if report.ended or report.oom:
        return endings.explained(report)
    if report.last is None:
        return _never_long_enough(report, health)
    explain: Mapping[Fault, Explain] = {
        Fault.REFUSED: _unheard,
        Fault.SILENT: _unheard,
        Fault.HUNG: _hung,
        Fault.BROKEN: _not_http,
        Fault.STATUS: _wrong_status,
        Fault.COMMAND: _command,
        Fault.STARTING: _command,
    }
    return explain.get(report.last.fault, _unknown)(report, health, report.last)


def _unheard(report: GateReport, health: Health, last: Trouble) -> Diagnosis:
    """Nothing takes a connection: a wrong port, an address for itself alone, or still starting."""
    port, listeners = report.port, report.listeners
    open_ports = tuple(one.port for one in listeners or () if not one.loopback)
    if listeners and Listener(port, loopback=True) in listeners:
        return Diagnosis(
            f"it listens on port {port} for itself alone (127.0.0.1), so no request reaches it",
            "let it listen on all addresses: 0.0.0.0, or ::",
        )
    if listeners and port not in open_ports:
        found = _ports([one.port for one in listeners])
        return _other_port(report, f"it listens on {found}", [one.port for one in listeners])
    others = [exposed for exposed in report.exposes if exposed != port]
    if listeners is None and others and port not in report.exposes:
        return _other_port(report, f"its image exposes {_ports(others)}", others)
    if last.fault is Fault.SILENT:
        return Diagnosis(
            f"it takes no connection on port {port}: no answer came from its address at all",
            "see whether a firewall in the container, or a frozen process, keeps requests away",
        )
    if listeners == ():
        cause = f"it listens on no port after {health.deadline:g} s: it still starts, or never will"
        return Diagnosis(cause, _more_time(health, f"it begins to listen on port {port}"))
    return Diagnosis(
        f"nothing listens on port {port} after {health.deadline:g} s: it listens on another port,"
        " or it starts too slowly",
        f"compare the port in its log with spec.port; {_more_time(health, 'it just starts late')}",
    )


def _other_port(report: GateReport, found: str, ports: list[int]) -> Diagnosis:
    which = str(ports[0]) if len(ports) == 1 else "the right one"
    return Diagnosis(
        f"nothing listens on port {report.port}, but {found}",
        f"set spec.port to {which}, or let the app listen on {report.port}",
    )


def _not_http(report: GateReport, _health: Health, _last: Trouble) -> Diagnosis:
    return Diagnosis(
        f"what answers on port {report.port} is not HTTP, or it breaks off",
        "if the app does not speak HTTP, use health.tcp; if it speaks HTTPS, let it speak HTTP,"
        " since the gateway does the TLS",
    )


def _unknown(_report: GateReport, _health: Health, last: Trouble) -> Diagnosis:
    return Diagnosis(last.text, "the log of the container may say more")


def _hung(report: GateReport, health: Health, _last: Trouble) -> Diagnosis:
    return Diagnosis(
        f"it hangs: it takes connections on port {report.port} and does not answer"
        f" {health.path or 'requests'} within {health.timeout:g} s",
        "find out what it waits for (a database, a lock); if the answer just takes long, raise"
        " health.timeout",
    )


def _wrong_status(report: GateReport, health: Health, last: Trouble) -> Diagnosis:
    status, path = last.status, health.path
    if status == _NOT_READY:
        after = f" ({_before(report)})" if _progress(report) else ""
        return Diagnosis(
            f"it was not ready in time: {path} still answered 503 after {health.deadline:g} s"
            + after,
            _more_time(health, "it just starts slowly"),
        )
    if status >= _SERVER_ERROR:
        return Diagnosis(
            f"it runs and answers {path} with an error of its own: status {status}",
            "its log should say what fails; correct that and commit",
        )
    if status == _NOT_FOUND:
        todo = "correct health.path, or let the app answer there"
        return Diagnosis(f"it has no page {path}: it answers 404", todo)
    if status in _LOGIN:
        todo = "name a page in health.path that needs no login"
        return Diagnosis(f"its page {path} asks for a login: it answers {status}", todo)
    todo = "name another page in health.path, or allow the status in health.statuses"
    word = "elsewhere with" if status in _MOVED else "with"
    return Diagnosis(f"it answers {path} {word} status {status}, which is not a wanted one", todo)


def _command(report: GateReport, health: Health, last: Trouble) -> Diagnosis:
    of_image = "" if health.command else " (the HEALTHCHECK of its image)"
    said = f"; it says: {last.said}" if last.said else ""
    if last.fault is Fault.STARTING:
        cause = f"its health command{of_image} did not succeed within {health.deadline:g} s{said}"
        return Diagnosis(cause, _more_time(health, "it just starts slowly"))
    port = f" on port {report.port}" if report.port >= 0 else ""
    return Diagnosis(
        f"its health command{of_image} fails{said}",
        f"run the command in the container by hand, and see whether the app answers it{port}",
    )


def _never_long_enough(report: GateReport, health: Health) -> Diagnosis:
    return Diagnosis(
        f"it was well when asked, but not for {health.stable_for:g} s (health.stableFor) within"
        f" {health.deadline:g} s",
        f"make health.deadline longer than health.stableFor (attempts: {report.attempts})",
    )


def _progress(report: GateReport) -> bool:
    """Say whether it came nearer: what was wrong at the end is not what was wrong at first."""
    return report.was_well or (
        report.first is not None
        and report.last is not None
        and report.first.fault is not report.last.fault
    )


def _before(report: GateReport) -> str:
    return "it was well for a moment" if report.was_well else "at first nothing listened"


def _more_time(health: Health, when: str) -> str:
    return (
        f"if {when}, raise health.deadline (now {health.deadline:g} s); if not, its log should say"
        " what it waits for"
    )


def _ports(ports: list[int]) -> str:
    listed = ", ".join(map(str, ports))
    return f"port {listed}" if len(ports) == 1 else f"the ports {listed}"
