"""Text waits for a slow reader without anybody waiting for him."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from gitops.cli.pages.spool import HELD, Spool


class Reader:
    """Takes text when it is allowed to."""

    def __init__(self) -> None:
        self.may = Event()
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        """Take text."""
        assert self.may.wait(20)
        self.texts.append(text)


def test_what_does_not_fit_in_memory_waits_in_a_file() -> None:
    """Nobody waits for a reader that stands still; he gets all of it in order, afterwards too."""
    reader = Reader()
    spool = Spool(reader)
    lines = [f"{number}: {'äöü€' * 500}\n" for number in range(3 * HELD // 2000)]
    for line in lines:
        spool.put(line)
    assert reader.texts == []
    reader.may.set()
    # Again in memory once the file was read; or behind it, as it comes.
    for line in lines:
        spool.put(line)
    spool.close()
    assert "".join(reader.texts) == "".join(lines) * 2


def test_lines_of_threads_stay_whole() -> None:
    """What several threads pass on at the same time is mixed by whole texts only."""
    reader = Reader()
    reader.may.set()
    spool = Spool(reader)

    def put(name: str) -> None:
        for _ in range(500):
            spool.put(f"{name * 50}\n")

    threads = [Thread(target=put, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    lines = "".join(reader.texts).splitlines()
    assert sorted(set(lines)) == ["a" * 50, "b" * 50, "c" * 50]
    assert len(lines) == 1500


def test_two_streams_keep_their_order() -> None:
    """Remarks and output are told apart, and come in the order in which they were passed on."""
    told = list[tuple[str, str]]()
    may = Event()

    def out(text: str) -> None:
        assert may.wait(20)
        told.append(("out", text))

    spool = Spool(out, lambda text: told.append(("err", text)))
    long = "x" * HELD + "\n"
    for text, to in (("a\n", 0), (long, 0), ("b\n", 1), ("c\n", 1), ("d\n", 0)):
        spool.put(text, to)
    may.set()
    spool.close()
    assert "".join(text for _, text in told) == f"a\n{long}b\nc\nd\n"
    assert "".join(text for to, text in told if to == "err") == "b\nc\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    """`| head` ends the show; a full disk behind `>` is told at the end."""
    for error, raised in ((BrokenPipeError(), None), (OSError(28, "No space left"), OSError)):

        def out(_text: str, error: OSError = error) -> None:
            raise error

        spool = Spool(out)
        spool.put("a\n")
        if raised is None:
            spool.close()
        else:
            with pytest.raises(raised):
                spool.close()
        spool.put("b\n")
