"""What a step says: without secrets, remembered and shown at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.engine.tasks.stage import Records
from gitops.model.shown import plain_lines


class Voice:
    """Speaks for one step (number 0 and no id: for the run), from any thread."""

    def __init__(self, records: Records, number: int = 0, step: str = "") -> None:
        self._records = records
        self._number = number
        self._step = step

    def block(self, text: str) -> None:
        """Pass on whole lines of a program's output, each with its line end."""
        self._records.screen.output(self._step, self._kept(text))

    def remark(self, text: str) -> None:
        """Say something about the step in one line, given without its end."""
        self._records.screen.remark(self._step, self._kept(f"{plain_lines(text)}\n"))

    def _kept(self, text: str) -> str:
        clean = self._records.redact(text)
        self._records.log.write(self._number, clean)
        return clean

    def clean(self, text: str) -> str:
        """Return a message without secrets, and without what controls a terminal."""
        return plain_lines(self._records.redact(text))


class Ear:
    """Listens to one attempt for the texts that make a failure worth another one.

    Only whether one occurred is kept: output may be endless.
    """

    def __init__(self, voice: Voice, texts: Sequence[str]) -> None:
        self._voice = voice
        self._texts = texts
        self.heard = not texts

    def block(self, text: str) -> None:
        """Pass on whole lines, and listen."""
        self.listen(text)
        self._voice.block(text)

    def line(self, text: str) -> None:
        """Pass on one line of output, and listen."""
        self.block(f"{text}\n")

    def remark(self, text: str) -> None:
        """Say something about the step in one line, and listen."""
        self.listen(text)
        self._voice.remark(text)

    def listen(self, text: str) -> None:
        """Listen only."""
        self.heard = self.heard or any(wanted in text for wanted in self._texts)
