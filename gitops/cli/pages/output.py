"""Answers as JSON and YAML."""

from __future__ import annotations

import json

import click


def emit(value: object, form: str) -> None:
    """Print `value` (plain data) as `json` or `yaml` on standard output."""
    if form == "json":
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    import yaml  # noqa: PLC0415 - only for this form

    click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), nl=False)
