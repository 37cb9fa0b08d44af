"""The specs as they are on disk, watched; the last good ones stay in force."""

from __future__ import annotations

import click

from gitops.cli.loading import read, show
from gitops.cli.options import DEFAULT_ENTRY, SpecOptions
from gitops.drivers.sources.watcher import Watched, Watcher
from gitops.engine.looks.sources import references
from gitops.model.bundle import Bundle, Loaded
from gitops.model.diagnostics import Diagnostic
from gitops.model.resources import PathSource
from gitops.model.secret import FileSecret
from gitops.spec.load import ENDINGS


class SpecFiles:
    """What a loop follows; says on standard error when specs break, and when they are mended."""

    def __init__(self, specs: SpecOptions, watcher: Watcher) -> None:
        self._specs = specs
        self._watcher = watcher
        self._good: Bundle | None = None
        self._wrong = ""
        self._said: tuple[Diagnostic, ...] = ()

    def latest(self) -> Bundle | None:
        """Return the last good bundle, reading again; the same one if nothing changed."""
        loaded = self._read()
        # What changed between the reading and the watching was told to nobody.
        while self._watch(loaded):
            loaded = self._read()
        if loaded.diagnostics != self._said:
            show(loaded.diagnostics, verbose=False)
            self._said = loaded.diagnostics
        if loaded.bundle is None:
            stays = "the last good specs stay in force" if self._good else "nothing is done"
            self._tell(f"specs are broken: {stays}")
        elif self._wrong:
            self._tell("")
            click.echo("specs are good again", err=True)
        if loaded.bundle is not None and loaded.bundle != self._good:
            self._good = loaded.bundle
        return self._good

    def close(self) -> None:
        """Watch no more."""
        self._watcher.close()

    def _tell(self, wrong: str) -> None:
        if wrong and wrong != self._wrong:
            click.echo(wrong, err=True)
        self._wrong = wrong

    def _read(self) -> Loaded:
        """Read; what would be a wrong command line at the start is a broken spec later."""
        try:
            return read(self._specs)
        except click.UsageError as error:
            if self._good is None:
                raise
            self._tell(f"{error.message}: the last good specs stay in force")
            return Loaded(None, self._said, 0, self._good.files)

    def _watch(self, loaded: Loaded) -> bool:
        """Watch what was read and what was named; say whether that is more than before."""
        named = [*self._specs.files, *self._specs.values]
        bundle = loaded.bundle or self._good or _NOTHING
        tasks = bundle.tasks
        # A certificate that is renewed, a password that changes: by file, they are told at once.
        secrets = [one.path for one in references(bundle) if isinstance(one, FileSecret)]
        read_from = [*loaded.files, *map(str, named)] or [DEFAULT_ENTRY]
        return self._watcher.watch(
            Watched(
                # A folder is in here as well: it may be replaced by another of its name.
                files=(*read_from, *secrets),
                folders=tuple(read_from),
                trees=tuple(
                    task.source.path for task in tasks if isinstance(task.source, PathSource)
                ),
                endings=ENDINGS,
            )
        )


_NOTHING = Bundle("", {}, {}, ())
