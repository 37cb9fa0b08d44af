"""What an engine or a registry means when it refuses something, in plain words.

Their messages are all that there is to go by, so each pattern is of words that they use for one
thing: Docker 20.10 to 28, containerd, runc, crun and the distribution registry.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gitops.engine.deploys.endings import WRONG_MACHINE
from gitops.model.probing import Diagnosis


class _Refusal(NamedTuple):
    """A pattern of a message, and what is behind it; `{it}` is what the message names."""

    pattern: str
    cause: str
    todo: str


_COMMAND = "correct spec.command, or the image's CMD or ENTRYPOINT"
_KNOWN = (
    _Refusal(
        r"exec: \"?(?P<it>[^\":]+)\"?: (?:executable file not found|stat [^:]+: no such file)",
        "its command cannot be run: the image has no program {it!r}",
        _COMMAND,
    ),
    _Refusal(
        r"exec: \"?(?P<it>[^\":]+)\"?: permission denied",
        "its command cannot be run: {it!r} is not an executable file, or its user may not run it",
        _COMMAND,
    ),
    _Refusal(
        r"exec(?:utable file)?:? \"?(?P<it>[^\":\s]*)\"?.*no such file or directory",
        "its command cannot be run: {it!r}, or the program of its #! line, is not in the image",
        _COMMAND,
    ),
    _Refusal(
        r"exec format error|no matching manifest for|does not match the (?:specified|detected)"
        r"[^:]*platform",
        WRONG_MACHINE.cause,
        WRONG_MACHINE.todo,
    ),
    _Refusal(
        r"no basic auth|unauthorized|authentication required|access denied|denied:|"
        r"pull access denied",
        "the registry does not give it: the login is missing or has no right to it, or there is"
        " no such repository",
        "check the name, and the credentials of the Registry",
    ),
    _Refusal(
        r"manifest (?:for \S+ )?(?:unknown|not found)|name unknown|repository \S+ not found",
        "the registry has no such image",
        "correct the image's name or tag, or push it",
    ),
    _Refusal(
        r"no such image",
        "the engine lost the image before the container was made",
        "run `gitops reconcile` again: it is pulled or built anew",
    ),
    _Refusal(
        r"network (?P<it>\S+) (?:not found|could not be found)",
        "the network {it} is not there",
        "create it, or take it out of spec.networks",
    ),
    _Refusal(
        r"bind source path does not exist: (?P<it>\S+)",
        "the folder {it} of a volume is not on the engine's machine",
        "create it there, or correct spec.volumes",
    ),
    _Refusal(
        r"(?:no such volume|volume not found):? ?(?P<it>\S*)",
        "the volume {it} is not there",
        "create it, or correct spec.volumes",
    ),
    _Refusal(
        r"no space left on device",
        "the disk of the engine's machine is full",
        "free some of it: `docker system df` shows what takes it",
    ),
    _Refusal(
        r"port .* is taken by|port is already allocated|address already in use",
        "a port of the machine that it needs is taken",
        "stop what has it, or give the port another number in the spec",
    ),
    _Refusal(
        r"unable to find user (?P<it>\S+?):?(?: |$)",
        "the image has no user {it}",
        "correct spec.user, or add the user to the image",
    ),
    _Refusal(
        r"exposes the ports (?P<it>[\d, ]+)",
        "it is not known on which port it serves: its image exposes {it}",
        "say in spec.port which one to use",
    ),
)  # fmt: skip


def recognized(what: str, detail: str) -> Diagnosis | None:
    """Return what is behind a refusal in plain words; none when its own words are all there is.

    `what` was wanted, `detail` is the answer.
    """
    text = f"{what}: {detail}"
    for known in _KNOWN:
        found = re.search(known.pattern, text, re.IGNORECASE)
        if found:
            return Diagnosis(known.cause.format(**found.groupdict("")), known.todo)
    return None
