"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import click

from gitops.model.address import Address, parse_address

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_ENTRY = "registry.yaml"


class SpecOptions(NamedTuple):
    """Which specs a command is about."""

    files: tuple[Path, ...]
    project: str
    values: tuple[Path, ...]
    settings: tuple[str, ...]


def spec_options(function: F) -> F:
    """Add the options that say which specs are meant; the function gets them as `specs`."""

    def collected(
        file: tuple[Path, ...],
        project: str,
        values: tuple[Path, ...],
        set_: tuple[str, ...],
        **rest: object,
    ) -> object:
        return function(specs=SpecOptions(file, project, values, set_), **rest)

    collected.__doc__ = function.__doc__
    collected.__name__ = function.__name__
    # Parameters that decorators below have attached to the function go with it.
    collected.__dict__.update(function.__dict__)
    options = (
        click.option(
            "-f",
            "--file",
            type=click.Path(path_type=Path),
            multiple=True,
            help=f"A spec file or folder; repeatable.  [default: {DEFAULT_ENTRY}]",
        ),
        click.option(
            "--project",
            default="",
            help="Who owns what is made.  [default: the entry folder's name]",
        ),
        click.option(
            "--values",
            type=click.Path(path_type=Path),
            multiple=True,
            help="A YAML file of values for *.yaml.j2 templates; repeatable.",
        ),
        click.option(
            "--set",
            "set_",
            metavar="KEY=VALUE",
            multiple=True,
            help="One value for templates; repeatable.",
        ),
    )
    decorated = cast(F, collected)
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def output_option(*formats: str) -> Callable[[F], F]:
    """Add `-o`; the function gets its value as `output`."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the answer.",
    )


def address_option(*names: str, help: str) -> Callable[[F], F]:  # noqa: A002 - click's word
    """Add an option that takes a `Kind/name`."""
    return click.option(*names, callback=_address, metavar="KIND/NAME", help=help)


def app_argument(function: F) -> F:
    """Add the argument that names an app or a slot; the function gets it as `address`."""
    return click.argument("address", metavar="WebApp/NAME", callback=_app)(function)


def _app(_context: click.Context, _parameter: click.Parameter, text: str) -> Address:
    try:
        address = parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if address.kind != "WebApp":
        raise click.BadParameter(f"{address} is no app: write WebApp/NAME, or WebApp/NAME-SLOT")
    return address


def _address(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> Address | None:
    try:
        return parse_address(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
