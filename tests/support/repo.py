"""A real git repository for a build task to follow."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


class Repo:
    """A bare repository, and a clone of it in which commits are made and pushed."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "origin.git"
        self.work = folder / "work"
        folder.mkdir(parents=True, exist_ok=True)
        _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        _git(folder, "clone", "--quiet", str(self.bare), str(self.work))
        _git(self.work, "symbolic-ref", "HEAD", "refs/heads/main")

    @property
    def url(self) -> str:
        """What a spec names it by."""
        return self.bare.as_uri()

    @property
    def head(self) -> str:
        """The commit that the branch `main` is at."""
        return _git(self.work, "rev-parse", "HEAD")

    def commit(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Write files (none removes one), commit and push; return the commit."""
        for name, content in files.items():
            path = self.work / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        _git(self.work, "add", "--all")
        _git(self.work, "commit", "--quiet", "--allow-empty", "--message", message)
        return self._push()

    def revert(self) -> str:
        """Undo the latest commit by a new one, and push; return the commit."""
        _git(self.work, "revert", "--no-edit", "HEAD")
        return self._push()

    def tag(self, name: str) -> None:
        """Tag what `main` is at, and push the tag."""
        _git(self.work, "tag", name)
        _git(self.work, "push", "--quiet", "origin", name)

    def _push(self) -> str:
        _git(self.work, "push", "--quiet", "origin", "main")
        return self.head


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()
