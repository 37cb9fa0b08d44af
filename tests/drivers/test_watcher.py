from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from gitops.drivers.sources.watcher import Watched, Watcher


class Ears:
    """A watcher, and what it told."""

    def __init__(self) -> None:
        self.told: Queue[str] = Queue()
        self.watcher = Watcher(self.told.put)

    def hear(self, path: Path) -> None:
        """Wait until a change of `path` is told."""
        while self.told.get(timeout=10) != str(path):
            pass

    def silent_until(self, last: Path) -> list[str]:
        """Return what is told before a change of `last` is, which is made now."""
        last.write_text("last")
        heard = []
        while (path := self.told.get(timeout=10)) != str(last):
            heard.append(path)
        return heard

    def forget(self) -> None:
        """Drop what was told so far."""
        try:
            while True:
                self.told.get(timeout=0.1)
        except Empty:
            return


@pytest.fixture
def ears() -> Iterator[Ears]:
    """Give a watcher that watches nothing yet."""
    made = Ears()
    yield made
    made.watcher.close()


def test_a_file_is_heard_of_however_it_is_saved(tmp_path: Path, ears: Ears) -> None:
    """A file that is written to, and one that another takes the place of, are both told."""
    file = tmp_path / "registry.yaml"
    file.write_text("a")
    ears.watcher.watch(Watched(files=(str(file),)))
    file.write_text("b")
    ears.hear(file)
    (tmp_path / "new").write_text("c")
    ears.forget()
    (tmp_path / "new").rename(file)
    ears.hear(file)


def test_other_files_of_the_folder_are_not_told(tmp_path: Path, ears: Ears) -> None:
    """Of the folder that a watched file lies in, nothing else is told."""
    file = tmp_path / "registry.yaml"
    file.write_text("a")
    ears.watcher.watch(Watched(files=(str(file),)))
    (tmp_path / "other.yaml").write_text("x")
    assert ears.silent_until(file) == []


def test_a_new_spec_file_of_a_folder_is_told(tmp_path: Path, ears: Ears) -> None:
    """Of a folder of specs, files with the right ending are told, and folders that come."""
    ears.watcher.watch(Watched(folders=(str(tmp_path),), endings=(".yaml",)))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.yaml").write_text("x")
    assert ears.silent_until(tmp_path / "new.yaml") == []
    (tmp_path / "more").mkdir()
    ears.hear(tmp_path / "more")


def test_a_tree_is_told_with_all_below(tmp_path: Path, ears: Ears) -> None:
    """Of a source folder all is told, deep inside as well, but not what git writes for itself."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a/b").mkdir(parents=True)
    ears.watcher.watch(Watched(trees=(str(tmp_path),)))
    (tmp_path / ".git/index").write_text("x")
    assert ears.silent_until(tmp_path / "a/b/index.html") == []


def test_more_to_watch_is_said(tmp_path: Path, ears: Ears) -> None:
    """Whoever asks for more than before is told so, since a change in between is told to nobody."""
    one, two = str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")
    assert ears.watcher.watch(Watched(files=(one,)))
    assert not ears.watcher.watch(Watched(files=(one,)))
    assert ears.watcher.watch(Watched(files=(one, two)))
    assert not ears.watcher.watch(Watched(files=(one, two), trees=(str(tmp_path / "missing"),)))


def test_what_is_watched_no_more_is_not_told(tmp_path: Path, ears: Ears) -> None:
    """A folder that is taken out of the specs is not listened to."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ears.watcher.watch(Watched(trees=(str(tmp_path / "a"), str(tmp_path / "b"))))
    ears.watcher.watch(Watched(trees=(str(tmp_path / "b"),)))
    (tmp_path / "a/file").write_text("x")
    assert ears.silent_until(tmp_path / "b/file") == []
