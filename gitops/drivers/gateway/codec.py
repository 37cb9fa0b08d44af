"""Routes as JSON: lists by position, which are half as long as objects and read twice as fast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from gitops.model.routes import Check, Route, Rules, Server

_PLAIN = Rules()
_Pair = tuple[str, float]
_Check = tuple[str, list[tuple[int, int]], float, float, int]
_Rules = tuple[
    list[str],
    bool,
    bool,
    int,
    float,
    bool,
    str,
    list[tuple[str, str]],
    list[str],
    str,
    bool,
]
_Fields = tuple[
    str, list[str], list[tuple[str, int, str]], float, _Check | None, _Rules | None, list[_Pair]
]


def encode(route: Route) -> str:
    """Return one line of JSON; rules that are all at their defaults are left out."""
    rules = None if route.rules == _PLAIN else route.rules
    return json.dumps(route._replace(rules=cast("Rules", rules)), separators=(",", ":"))


def decode_all(lines: Sequence[str]) -> tuple[Route, ...]:
    """Return the routes of several lines; raise ValueError or TypeError for what is none."""
    return tuple(_route(fields) for fields in json.loads(f"[{','.join(lines)}]"))


def _route(fields: _Fields) -> Route:
    app, hosts, servers, drain, check, rules, traffic = fields
    return Route(
        app,
        tuple(hosts),
        tuple([Server(*server) for server in servers]),
        drain,
        None if check is None else _check(check),
        _PLAIN if rules is None else _rules(rules),
        tuple([(name, percent) for name, percent in traffic]) if traffic else (),
    )


def _check(fields: _Check) -> Check:
    path, statuses, interval, timeout, failures = fields
    ranges = tuple([(low, high) for low, high in statuses])
    return Check(path, ranges, interval, timeout, failures)


def _rules(fields: _Rules) -> Rules:
    rules = Rules(*fields)  # type: ignore[arg-type]
    return rules._replace(
        prefixes=tuple(rules.prefixes),
        users=tuple([(name, key) for name, key in rules.users]),
        allow=tuple(rules.allow),
    )
