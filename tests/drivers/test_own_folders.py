"""Folders of ours hold secrets: none stays, however the process ends."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gitops.drivers.own_folders import clear_own, own_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_ours_alone_and_gone_afterwards(temporary: Path) -> None:
    """Nobody else may look into it, and it goes with all that is in it, on a failure too."""
    with own_folder("secrets") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent == temporary
        (folder / "key").write_text("secret")
    with pytest.raises(ZeroDivisionError), own_folder("secrets") as folder:
        raise ZeroDivisionError
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_goes_with_the_next(temporary: Path) -> None:
    """The folder of a process that is dead is removed; that of one that lives stays."""
    code = (
        "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from gitops.drivers.own_folders import own_folder\n"
        "with own_folder('docker') as folder:\n"
        "    (folder / 'config.json').write_text('secret')\n"
        "    print('there', flush=True)\n"
        "    input()\n"
    )
    words = [sys.executable, "-c", code, str(temporary)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"there\n"
        (left,) = temporary.iterdir()
        with own_folder("git"):
            assert left.exists()
        process.kill()
        process.wait()
        assert left.exists()
        with own_folder("git"):
            assert not left.exists()


def test_a_process_that_ends_at_once_takes_its_own_with_it(temporary: Path) -> None:
    """Before the end on a second Ctrl-C nothing of ours stays; what others have made does."""
    (temporary / "gitops-tmp-of-somebody").mkdir()
    with own_folder("secrets") as folder:
        clear_own()
        assert not folder.exists()
    assert [place.name for place in temporary.iterdir()] == ["gitops-tmp-of-somebody"]
