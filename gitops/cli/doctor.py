"""`gitops doctor`: what is missing on this machine and for these specs, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import click

from gitops.cli import exits
from gitops.cli.loading import read, settings, show
from gitops.cli.options import DEFAULT_ENTRY, SpecOptions, output_option, spec_options
from gitops.cli.pages.output import emit
from gitops.model.bundle import Bundle
from gitops.model.checkup import Finding, Grade, Verdict
from gitops.wiring.examination import examine

_COLORS = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.FAILED: "red"}


@click.command("doctor")
@spec_options
@output_option("text", "json", "yaml")
def command(specs: SpecOptions, output: str) -> int:
    """Say what is missing on this machine, and how to mend it; exit with 1 if something is.

    With specs it also looks at their registries, gateways and images. Nothing is changed.
    """
    chosen = settings()
    found: list[Finding] = []
    bundle: Bundle | None = None
    if specs.files or Path(DEFAULT_ENTRY).exists():
        bundle, finding = _specs(specs)
        found.append(finding)
    elif output == "text":
        click.echo(f"no {DEFAULT_ENTRY} here and no -f: looking at this machine alone", err=True)
    found.extend(examine(chosen, bundle))
    if output == "text":
        _print(found, color=chosen.color)
    else:
        emit([_document(finding) for finding in found], output)
    wrong = any(finding.verdict.grade is Grade.FAILED for finding in found)
    return exits.FAILED if wrong else exits.OK


def _specs(specs: SpecOptions) -> tuple[Bundle | None, Finding]:
    loaded = read(specs)
    show(loaded.diagnostics, verbose=False)
    if loaded.bundle is None:
        mend = "see the errors above; until then only this machine is looked at"
        return None, Finding("specs", Verdict(Grade.FAILED, "they cannot be used", mend))
    count = len(loaded.bundle.resources)
    found = f"project {loaded.bundle.project}, {count} resources"
    return loaded.bundle, Finding("specs", Verdict(Grade.OK, found))


def _print(found: list[Finding], *, color: bool) -> None:
    width = max(len(finding.name) for finding in found)
    for name, (grade, what, mend) in found:
        mark = click.style(f"{grade:7}", fg=_COLORS[grade]) if color else f"{grade:7}"
        first, *more = what.splitlines() or [""]
        click.echo(f"{mark}  {name:{width}}  {first}")
        for line in (*more, *([f"to mend it: {mend}"] if mend else [])):
            click.echo(f"{'':7}  {'':{width}}  {line}")


def _document(finding: Finding) -> dict[str, object]:
    grade, found, mend = finding.verdict
    return {"check": finding.name, "state": str(grade), "found": found, "mend": mend}
