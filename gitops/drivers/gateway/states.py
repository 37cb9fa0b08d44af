"""What a gateway's checks found: read from its statistics, and handed on to the next worker.

Statistics in CSV: https://docs.haproxy.org/2.6/management.html#9.1
State file: https://docs.haproxy.org/2.6/management.html#9.3 ("show servers state"), version 1
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gitops.model.routes import Route, ServerHealth

BACKEND = "app_"
"""Begins the name of a route's backend."""
SPARE = ":any"
"""Ends the name of a server's twin that is never checked; no container's name has a colon."""

_DOWN = "DOWN"
_FIELDS = (
    "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight"
    " srv_time_since_last_change srv_check_status srv_check_result srv_check_health"
    " srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord"
    " srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port"
)
_STOPPED, _RUNNING = 0, 2
_COLUMNS = (
    *("pxname", "svname", "status", "lastchg", "scur", "stot", "rtime"),
    *("econ", "eresp", "hrsp_5xx", "check_status", "check_code", "last_chk"),
    *("check_rise", "check_fall", "check_health"),
)

_Row = Mapping[str, str]


class _Known(NamedTuple):
    """What is handed on of one server; `steady` says that it did not begin to fail."""

    up: bool
    steady: bool
    seconds: int


def parse_health(text: str) -> tuple[ServerHealth, ...]:
    """Return what the checks say of each server, by app and container; `text` is the CSV."""
    rows = {(row["pxname"], row["svname"]): row for row in _rows(text)}
    return tuple(
        _health(row, rows.get((backend, name + SPARE)))
        for (backend, name), row in sorted(rows.items())
        if not name.endswith(SPARE)
    )


def server_states(text: str, routes: Iterable[Route]) -> bytes:
    """Return the state file for the next worker, which is to serve `routes`.

    What was down stays down until a check of the new worker finds it well. What was up has to fail
    as often as its check says, but one that had begun to fail is out at the first failure more.
    """
    known = {(row["pxname"], row["svname"]): _known(row) for row in _rows(text)}
    lines = ["1", f"# {_FIELDS}"]
    for route in routes:
        for server in route.servers:
            backend = f"{BACKEND}{route.app}"
            found = known.get((backend, server.container), _Known(up=True, steady=True, seconds=0))
            if found.up and not found.steady:
                # Without a line a server starts up, and is down at its first failed check.
                continue
            state = _RUNNING if found.up else _STOPPED
            lines.append(
                f"0 {backend} 0 {server.container} {server.address} {state} 0 1 1 {found.seconds}"
                f" 1 0 0 6 0 0 0 - {server.port} - 0 0 - - 0"
            )
    return ("\n".join(lines) + "\n").encode()


def _rows(text: str) -> Iterator[_Row]:
    """Give the rows of our apps' servers, with the columns that are read of the hundred there."""
    lines = text.removeprefix("# ").splitlines()
    if not lines:
        return
    names = lines[0].split(",")
    columns = [(name, names.index(name)) for name in _COLUMNS]
    for cells in csv.reader(line for line in lines if line.startswith(BACKEND)):
        if cells[1] != "BACKEND":
            yield {name: cells[at] for name, at in columns}


def _known(row: _Row) -> _Known:
    most = _number(row, "check_rise") + _number(row, "check_fall") - 1
    return _Known(
        up=not row["status"].startswith(_DOWN),
        steady=not row["check_status"] or _number(row, "check_health") >= most,
        seconds=_number(row, "lastchg"),
    )


def _health(row: _Row, spare: _Row | None) -> ServerHealth:
    both = [row] if spare is None else [row, spare]
    times = [(_number(each, "stot"), _number(each, "rtime")) for each in both]
    requests = sum(number for number, _ in times)
    weighted = sum(min(number, 1024) * time for number, time in times)
    return ServerHealth(
        app=row["pxname"].removeprefix(BACKEND),
        container=row["svname"],
        up=not row["status"].startswith(_DOWN),
        seconds=_number(row, "lastchg"),
        why=_why(row),
        requests=requests,
        errors=sum(_errors(each) for each in both),
        open=sum(_number(each, "scur") for each in both),
        milliseconds=weighted / max(sum(min(number, 1024) for number, _ in times), 1),
    )


def _errors(row: _Row) -> int:
    return sum(_number(row, field) for field in ("hrsp_5xx", "econ", "eresp"))


def _why(row: _Row) -> str:
    """Return the last check in words; while one is under way its status begins with `* `."""
    status, text = row["check_status"].removeprefix("* "), row["last_chk"]
    if status in ("L7OK", "L7STS", "L7OKC"):
        return f"HTTP status {row['check_code']}"
    if status == "INI":
        down = row["status"].startswith(_DOWN)
        return "was out before the last reload, and is asked again" if down else "not asked yet"
    if not status:
        return ""
    words = {
        "L4OK": "the port takes connections",
        "L4TOUT": "no connection in time",
        "L4CON": f"no connection: {text or 'refused'}",
        "L7TOUT": "no answer in time",
        "L7RSP": f"the answer is not HTTP: {text}" if text else "the answer is not HTTP",
        "HANA": "connections of requests failed",
        "SOCKERR": "the gateway could not open a connection",
    }
    return words.get(status, f"{status} {text}".strip())


def _number(row: _Row, field: str) -> int:
    try:
        return max(int(row[field] or 0), 0)
    except ValueError:
        return 0
